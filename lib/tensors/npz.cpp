// libzip reads the directory and inflates; what a member claims is checked here before memory is
// taken for it.
#include "tensors/npz.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>
#include <zip.h>

#include "base/error.hpp"
#include "base/memory.hpp"
#include "base/names.hpp"
#include "base/scan.hpp"
#include "tensors/header_checks.hpp"

namespace austeer {

// The dictionary is Python source, of which exactly what NumPy writes is read: three keys, plain
// literals, no nesting.

namespace {

constexpr std::string_view npy_magic = "\x93NUMPY";
constexpr std::size_t npy_max_rank = 64;  // what ATen's iterators carry

constexpr std::array<std::pair<std::string_view, at::ScalarType>, 5> dtypes = {
    {{"<f2", at::kHalf},
     {"<f4", at::kFloat},
     {"<f8", at::kDouble},
     {"<i4", at::kInt},
     {"<i8", at::kLong}}};

/// Reads the dictionary from left to right; every step refuses what it does not expect.
class Dictionary {
 public:
  Dictionary(std::string_view text, const std::string& place) : rest_(text), place_(place) {}

  NpyHeader read() {
    expect('{');
    while (!accept('}')) {
      read_entry(quoted());
      if (accept(',')) continue;
      expect('}');
      break;
    }
    skip_spaces();
    if (!rest_.empty()) refuse("nothing after the dictionary", rest_);
    if (!dtype_ || !order_ || !shape_) refuse("the keys descr, fortran_order and shape", "fewer");
    NpyHeader header;
    header.dtype = *dtype_;
    header.fortran_order = *order_;
    header.shape = std::move(*shape_);
    return header;
  }

 private:
  void read_entry(std::string_view key) {
    expect(':');
    if (key == "descr" && !dtype_) {
      dtype_ = dtype();
    } else if (key == "fortran_order" && !order_) {
      order_ = boolean();
    } else if (key == "shape" && !shape_) {
      shape_ = tuple();
    } else {
      refuse("the keys descr, fortran_order and shape, each once", key);
    }
  }

  at::ScalarType dtype() {
    skip_spaces();
    if (!rest_.starts_with('\'') && !rest_.starts_with('"')) {
      refuse("one element type (no structured array)", rest_);
    }
    const std::string_view name = quoted();
    for (const auto& [known, type] : dtypes) {
      if (name == known) return type;
    }
    refuse("an element type of <f2, <f4, <f8, <i4, <i8 (little-endian numbers)", name);
  }

  bool boolean() {
    skip_spaces();
    for (const bool value : {false, true}) {
      const std::string_view word = value ? "True" : "False";
      if (!rest_.starts_with(word)) continue;
      rest_.remove_prefix(word.size());
      return value;
    }
    refuse("True or False", rest_);
  }

  /// "()", "(3,)", "(3, 4)", "(3, 4,)"; one number without a comma is no tuple.
  std::vector<std::int64_t> tuple() {
    expect('(');
    std::vector<std::int64_t> sizes;
    bool comma = true;
    while (!accept(')')) {
      if (!comma) refuse("',' or ')' in the shape", rest_);
      if (sizes.size() == npy_max_rank) {
        refuse(fmt::format("at most {} dimensions", npy_max_rank), "more");
      }
      sizes.push_back(size());
      comma = accept(',');
    }
    if (sizes.size() == 1 && !comma) refuse("a tuple as the shape", "one number in brackets");
    return sizes;
  }

  std::int64_t size() {
    skip_spaces();
    std::string_view behind = rest_;
    const auto value = take_number<std::int64_t>(behind);
    if (!value || *value < 0) refuse("a size from 0 to 2^63 - 1", rest_);
    rest_ = behind;
    return *value;
  }

  std::string_view quoted() {
    skip_spaces();
    const char quote = rest_.empty() ? '\0' : rest_.front();
    const std::size_t end = rest_.find(quote, 1);
    if ((quote != '\'' && quote != '"') || end == std::string_view::npos) {
      refuse("a text in quotes", rest_);
    }
    const std::string_view text = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return text;
  }

  bool accept(char letter) {
    skip_spaces();
    if (!rest_.starts_with(letter)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void expect(char letter) {
    if (!accept(letter)) refuse(fmt::format("'{}'", letter), rest_);
  }

  void skip_spaces() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \n"), rest_.size()));
  }

  [[noreturn]] void refuse(std::string expected, std::string_view found) const {
    throw FormatError(
        {fmt::format("[npy] {}: the header is not one of an array of numbers", place_),
         std::move(expected), found.empty() ? "its end" : fmt::format("'{}'", found.substr(0, 40)),
         ""});
  }

  std::string_view rest_;
  const std::string& place_;
  std::optional<at::ScalarType> dtype_;
  std::optional<bool> order_;
  std::optional<std::vector<std::int64_t>> shape_;
};

[[noreturn]] void refuse_npy(const std::string& place, std::string_view what, std::string expected,
                             std::string found) {
  throw FormatError(
      {fmt::format("[npy] {}: {}", place, what), std::move(expected), std::move(found), ""});
}

std::size_t little_endian(std::string_view bytes) {
  std::size_t value = 0;
  for (std::size_t i = bytes.size(); i > 0; --i) {
    value = value << 8U | static_cast<unsigned char>(bytes[i - 1]);
  }
  return value;
}

/// The dictionary's text, and where it begins.
std::pair<std::string_view, std::size_t> dictionary_text(std::string_view bytes,
                                                         const std::string& place) {
  if (!bytes.starts_with(npy_magic)) {
    refuse_npy(place, "this is no .npy array", "a file that begins with \\x93NUMPY", "other bytes");
  }
  const std::string_view version = bytes.substr(npy_magic.size(), 2);
  if (version.size() < 2 || version[0] < 1 || version[0] > 3 || version[1] != 0) {
    refuse_npy(place, "the version of the .npy format", "1.0, 2.0 or 3.0",
               version.size() < 2 ? "the file's end"
                                  : fmt::format("{}.{}", static_cast<unsigned char>(version[0]),
                                                static_cast<unsigned char>(version[1])));
  }
  const std::size_t start = npy_magic.size() + 2 + (version[0] == 1 ? 2 : 4);
  if (bytes.size() < start) refuse_npy(place, "the file is truncated", "a header", "its end");
  const std::size_t length =
      little_endian(bytes.substr(npy_magic.size() + 2, start - npy_magic.size() - 2));
  const std::size_t room = std::min(max_npy_header, bytes.size()) - start;
  if (length > room) {
    refuse_npy(place, "the header's length is wrong or the file is truncated",
               fmt::format("at most {}", room), std::to_string(length));
  }
  return {bytes.substr(start, length), start};
}

}  // namespace

NpyHeader parse_npy_header(std::string_view bytes, const std::string& place) {
  const auto [text, start] = dictionary_text(bytes, place);
  NpyHeader header = Dictionary(text, place).read();
  const auto elements = checked_elements(header.shape);
  const auto size =
      elements ? checked_product(*elements, c10::elementSize(header.dtype)) : std::nullopt;
  if (!size) {
    refuse_npy(place, "impossible shape", "sizes whose product fits 64 bits",
               fmt::format("({})", fmt::join(header.shape, ", ")));
  }
  header.data_start = start + text.size();
  header.data_size = *size;
  return header;
}

namespace {

constexpr zip_int64_t max_members = 10'000;
constexpr std::string_view suffix = ".npy";

// Deflate codes at most 258 bytes in two bits; a member that claims more is a lie.
constexpr std::uint64_t max_deflate_ratio = 1032;

[[noreturn]] void refuse_npz(const std::string& place, std::string_view what,
                             std::string expected = {}, std::string found = {}) {
  throw FormatError(
      {fmt::format("[npz] {}: {}", place, what), std::move(expected), std::move(found), ""});
}

/// One member, opened for reading from its beginning.
class MemberReader {
 public:
  MemberReader(zip_t* archive, std::uint64_t index, const std::string& place)
      : place_(place), file_(zip_fopen_index(archive, index, 0)) {
    if (file_ == nullptr) refuse_npz(place_, "it cannot be read", {}, zip_strerror(archive));
  }
  ~MemberReader() { zip_fclose(file_); }
  MemberReader(const MemberReader&) = delete;
  MemberReader& operator=(const MemberReader&) = delete;

  /// Fills `out`, fewer bytes only where the member ends before.
  std::size_t read(char* out, std::size_t size) {
    std::size_t done = 0;
    while (done < size) {
      const zip_int64_t got = zip_fread(file_, out + done, size - done);
      if (got < 0) {
        refuse_npz(place_, "its bytes are damaged", {},
                   zip_error_strerror(zip_file_get_error(file_)));
      }
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

 private:
  const std::string& place_;
  zip_file_t* file_;
};

void check_claims(const zip_stat_t& stat, std::uint64_t archive_size, const std::string& place) {
  const std::uint64_t all = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD |
                            ZIP_STAT_ENCRYPTION_METHOD | ZIP_STAT_CRC;
  if ((stat.valid & all) != all) refuse_npz(place, "the archive's directory is incomplete");
  if (stat.encryption_method != ZIP_EM_NONE) refuse_npz(place, "it is encrypted");
  if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE) {
    refuse_npz(place, "its compression", "stored (0) or deflate (8)",
               fmt::format("method {}", stat.comp_method));
  }
  if (stat.comp_size > archive_size) {
    refuse_npz(place, "it claims more bytes than the archive has",
               fmt::format("at most {}", archive_size), std::to_string(stat.comp_size));
  }
  const auto most = stat.comp_method == ZIP_CM_STORE
                        ? std::optional(stat.comp_size)
                        : checked_product(stat.comp_size, max_deflate_ratio);
  if (most && stat.size > *most) {
    refuse_npz(place, "it claims more than its compressed bytes can hold",
               fmt::format("at most {} bytes", *most), fmt::format("{} bytes", stat.size));
  }
}

/// What the member's array header says, held against the size that the directory says.
NpyHeader read_header(zip_t* archive, const zip_stat_t& stat, const std::string& place) {
  std::string bytes(std::min<std::uint64_t>(stat.size, max_npy_header), '\0');
  MemberReader reader(archive, stat.index, place);
  bytes.resize(reader.read(bytes.data(), bytes.size()));
  NpyHeader header = parse_npy_header(bytes, place);
  const auto size = checked_sum(header.data_start, header.data_size);
  if (size != stat.size) {
    refuse_npz(place, "the array's shape does not match the member's size",
               size ? fmt::format("{} bytes", *size) : "a size that fits 64 bits",
               fmt::format("{} bytes", stat.size));
  }
  return header;
}

}  // namespace

void NpzFile::Discard::operator()(zip* archive) const { zip_discard(archive); }

NpzFile::NpzFile(const std::filesystem::path& file, std::uint64_t max_array)
    : place_(file.string()), mapped_(std::make_shared<MappedFile>(file)) {
  open(mapped_->text(), max_array);
}

NpzFile::NpzFile(std::string_view bytes, std::string place, std::uint64_t max_array)
    : place_(std::move(place)) {
  open(bytes, max_array);
}

void NpzFile::open(std::string_view bytes, std::uint64_t max_array) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  if (source != nullptr) {
    // Checked for consistency: what lies twice, overlaps or is described in two ways is refused.
    archive_.reset(zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error));
    if (!archive_) zip_source_free(source);
  }
  if (!archive_) {
    const std::string reason = zip_error_strerror(&error);
    zip_error_fini(&error);
    refuse_npz(place_, "it cannot be read", "a whole ZIP file of .npy arrays", reason);
  }
  zip_error_fini(&error);
  const zip_int64_t members = zip_get_num_entries(archive_.get(), 0);
  if (members > max_members) {
    refuse_npz(place_, "too many members", fmt::format("at most {}", max_members),
               std::to_string(members));
  }
  for (zip_int64_t i = 0; i < members; ++i) {
    add_member(static_cast<std::uint64_t>(i), bytes.size(), max_array);
  }
}

void NpzFile::add_member(std::uint64_t index, std::uint64_t archive_size, std::uint64_t max_array) {
  zip_stat_t stat;
  zip_stat_init(&stat);
  if (zip_stat_index(archive_.get(), index, 0, &stat) != 0 || (stat.valid & ZIP_STAT_NAME) == 0) {
    refuse_npz(place_, fmt::format("member {} has no name", index), {},
               zip_strerror(archive_.get()));
  }
  const std::string_view file = stat.name;
  if (!is_plain_name(file) || !file.ends_with(suffix)) {
    refuse_npz(place_, "a member that is no array of this archive", "plain names that end in .npy",
               fmt::format("'{}'", file.substr(0, 80)));
  }
  const std::string name(file.substr(0, file.size() - suffix.size()));
  const std::string place = fmt::format("{}: array '{}'", place_, name);
  check_claims(stat, archive_size, place);
  Member found{index, read_header(archive_.get(), stat, place)};
  if (found.header.data_size > max_array) {
    refuse_npz(place, "it is too large", fmt::format("at most {} bytes", max_array),
               fmt::format("{} bytes", found.header.data_size));
  }
  members_.emplace(name, std::move(found));
}

std::vector<std::string> NpzFile::names() const {
  std::vector<std::string> names;
  for (const auto& [name, member] : members_) names.push_back(name);
  return names;
}

const NpzFile::Member& NpzFile::member(const std::string& name) const {
  const auto found = members_.find(name);
  if (found != members_.end()) return found->second;
  refuse_npz(place_, fmt::format("there is no array '{}'", name), {},
             fmt::format("{}", fmt::join(names(), ", ")));
}

const NpyHeader& NpzFile::header(const std::string& name) const { return member(name).header; }

at::Tensor NpzFile::tensor(const std::string& name) const {
  const auto& [index, header] = member(name);
  const std::string place = fmt::format("{}: array '{}'", place_, name);
  const auto available = static_cast<std::uint64_t>(std::max<std::int64_t>(available_memory(), 0));
  if (header.data_size > available) {
    throw FileError({fmt::format("[npz] {} does not fit into memory", place),
                     fmt::format("at most {} bytes", available),
                     fmt::format("{} bytes", header.data_size), ""});
  }
  MemberReader reader(archive_.get(), index, place);
  std::string skipped(header.data_start, '\0');
  std::size_t got = reader.read(skipped.data(), skipped.size());

  std::vector<std::int64_t> stored = header.shape;
  if (header.fortran_order) std::reverse(stored.begin(), stored.end());
  at::Tensor values = at::empty(stored, header.dtype);
  got += reader.read(static_cast<char*>(values.data_ptr()), header.data_size);
  // The end must be read for libzip to compare the CRC.
  char beyond = 0;
  if (got != header.data_start + header.data_size || reader.read(&beyond, 1) != 0) {
    refuse_npz(place, "its bytes are damaged",
               fmt::format("{} bytes", header.data_start + header.data_size), "another number");
  }
  if (!header.fortran_order) return values;
  std::vector<std::int64_t> order(stored.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = static_cast<std::int64_t>(order.size() - 1 - i);
  }
  return values.permute(order);
}

}  // namespace austeer
