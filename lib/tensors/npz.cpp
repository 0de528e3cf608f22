// libzip reads the directory and inflates; what a member claims is checked here before memory is
// taken for it.
#include "tensors/npz.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <zip.h>

#include "base/error.hpp"
#include "base/memory.hpp"
#include "base/names.hpp"
#include "tensors/checked.hpp"

namespace austeer {
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
