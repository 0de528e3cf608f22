// Archives that NumPy wrote, against the same arrays in safetensors (tests/reference/npz.py), and
// archives that lie.
#include "tensors/npz.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "reference.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::reference_file;

std::filesystem::path archive(const std::string& name) {
  reference_file("npz/expected.safetensors");  // says what to run where nothing is there
  return std::filesystem::path(AUSTEER_REFERENCE_DIR) / "npz" / (name + ".npz");
}

/// Opens the archive and reads every array.
void read_all(const std::filesystem::path& file, std::uint64_t max_array) {
  const NpzFile npz(file, max_array);
  for (const std::string& name : npz.names()) npz.tensor(name);
}

void expect_npz_refused(const std::string& name, const std::string& part,
                        std::uint64_t max_array = NpzFile::default_max_array) {
  SCOPED_TRACE(name);
  const auto file = archive("bad/" + name);
  ASSERT_TRUE(std::filesystem::exists(file));
  expect_refusal<FormatError>([&] { read_all(file, max_array); }, part);
  expect_refusal<FormatError>([&] { read_all(file, max_array); }, file.string());
}

TEST(Npz, EveryArrayAsNumPyWroteIt) {
  const SafetensorsFile expected = reference_file("npz/expected.safetensors");
  ASSERT_EQ(expected.header().tensors.size(), 10u);
  for (const std::string name :
       {"stored", "deflated", "fortran", "version_2", "version_3", "zip64"}) {
    const NpzFile file(archive(name));
    ASSERT_EQ(file.names().size(), expected.header().tensors.size()) << name;
    for (const auto& [array, entry] : expected.header().tensors) {
      const at::Tensor found = file.tensor(array);
      EXPECT_EQ(found.scalar_type(), entry.dtype) << name << ", " << array;
      EXPECT_EQ(found.sizes(), entry.shape) << name << ", " << array;
      EXPECT_TRUE(found.equal(expected.tensor(array))) << name << ", " << array;
      EXPECT_EQ(file.header(array).shape, entry.shape) << name << ", " << array;
    }
  }
  EXPECT_TRUE(NpzFile(archive("fortran")).header("cube").fortran_order);
}

TEST(Npz, AnArrayThatIsNotThereIsNamed) {
  const NpzFile file(archive("small"));
  EXPECT_TRUE(file.has("a"));
  EXPECT_FALSE(file.has("b"));
  expect_refusal<FormatError>([&] { file.tensor("b"); }, "there is no array 'b'; found a");
  expect_refusal<FileError>([&] { NpzFile(archive("nothing")); }, "nothing.npz");
}

TEST(Npz, EveryTruncationIsRefused) {
  for (const std::string name : {"small", "small_deflated"}) {
    const std::string whole = read_file(archive(name));
    EXPECT_EQ(NpzFile(whole, name).tensor("a").numel(), 6);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      // A copy of exactly this size, so that a read past its end is seen by the sanitizer.
      const std::string cut(whole, 0, size);
      EXPECT_THROW(NpzFile(cut, "cut").tensor("a"), FormatError) << name << ", " << size;
    }
  }
}

TEST(Npz, NoByteChangesAValueUnseen) {
  for (const std::string name : {"small", "small_deflated"}) {
    const std::string whole = read_file(archive(name));
    const at::Tensor expected = at::arange(6, at::kFloat);
    for (std::size_t i = 0; i < whole.size(); ++i) {
      std::string changed = whole;
      changed[i] = static_cast<char>(changed[i] ^ 0x10);
      try {
        const NpzFile file(changed, "changed");
        for (const std::string& array : file.names()) {
          EXPECT_TRUE(file.tensor(array).equal(expected)) << name << ", byte " << i;
        }
      } catch (const FormatError&) {
      }
    }
  }
}

TEST(Npz, MembersThatAreNoArraysOfNumbers) {
  expect_npz_refused("slash", "found '../a.npy'");
  expect_npz_refused("folder", "found 'a/b.npy'");
  expect_npz_refused("text", "found 'a.txt'");
  expect_npz_refused("twice", "File already exists");
  expect_npz_refused("bzip2", "found method 12");
  expect_npz_refused("encrypted", "it is encrypted");
  expect_npz_refused("not_npy", "begins with \\x93NUMPY");
  expect_npz_refused("objects", "found '|O'");
  expect_npz_refused("big_endian", "found '>f4'");
  expect_npz_refused("boolean", "found '|b1'");
  expect_npz_refused("complex", "found '<c16'");
  expect_npz_refused("fields", "no structured array");
}

TEST(Npz, SizesThatLieAndBytesThatAreDamaged) {
  expect_npz_refused("crc", "CRC");
  expect_npz_refused("short", "expected 152 bytes; found 151 bytes");
  expect_npz_refused("long", "expected 152 bytes; found 153 bytes");
  expect_npz_refused("stored_lie", "more than its compressed bytes can hold");
  expect_npz_refused("deflated_lie", "more than its compressed bytes can hold");
  expect_npz_refused("stored_lies", "npz");
  expect_npz_refused("one_more", "its bytes are damaged");
  expect_npz_refused("one_less", "its bytes are damaged");
  expect_npz_refused("bomb", "at most 1000000 bytes; found 8388608 bytes", 1'000'000);
}

/// A header of version 1 with this dictionary.
std::string with_dictionary(const std::string& text) {
  return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(text.size() % 256) +
         static_cast<char>(text.size() / 256) + text;
}

void expect_refused_dictionary(const std::string& text, const std::string& part) {
  expect_refusal<FormatError>([&] { parse_npy_header(with_dictionary(text), "x"); }, part);
}

TEST(Npy, DictionariesThatNumPyMayWrite) {
  const NpyHeader header = parse_npy_header(
      with_dictionary("{'descr': '<f8', 'fortran_order': True, 'shape': (3, 4), }    \n"), "x");
  EXPECT_EQ(header.dtype, at::kDouble);
  EXPECT_TRUE(header.fortran_order);
  EXPECT_EQ(header.shape, (std::vector<std::int64_t>{3, 4}));
  EXPECT_EQ(header.data_size, 96u);
  const NpyHeader other =
      parse_npy_header(with_dictionary(R"({"shape":(),"descr":"<i4","fortran_order":False})"), "x");
  EXPECT_TRUE(other.shape.empty());
  EXPECT_EQ(other.data_size, 4u);
}

TEST(Npy, DictionariesThatAreRefused) {
  const std::string opening = "{'descr': '<f8', 'fortran_order': True, 'shape': ";
  expect_refused_dictionary("", "expected '{'; found its end");
  expect_refused_dictionary("{}", "the keys descr, fortran_order and shape");
  expect_refused_dictionary("{'descr': '<f8'}", "the keys descr, fortran_order and shape");
  expect_refused_dictionary("{'descr': '<f8', 'descr': '<f8'}", "each once; found 'descr'");
  expect_refused_dictionary("{'x': 1}", "each once; found 'x'");
  expect_refused_dictionary("{'descr", "a text in quotes");
  expect_refused_dictionary("{'descr': '<f8', 'fortran_order': 1", "True or False; found '1'");
  expect_refused_dictionary(opening + "(3)}", "a tuple as the shape");
  expect_refused_dictionary(opening + "3}", "expected '('");
  expect_refused_dictionary(opening + "(3 4)}", "',' or ')'");
  expect_refused_dictionary(opening + "(-3,)}", "a size from 0");
  expect_refused_dictionary(opening + "(9223372036854775808,)}", "a size from 0");
  expect_refused_dictionary(opening + "(,)}", "a size from 0");
  expect_refused_dictionary(opening + "(3,", "a size from 0 to 2^63 - 1; found its end");
  expect_refused_dictionary(opening + "(4294967296, 4294967296)}", "impossible shape");
  expect_refused_dictionary(opening + "(2305843009213693952,)}", "impossible shape");
  expect_refused_dictionary(opening + "(3,)} x", "nothing after the dictionary; found 'x'");
  std::string many = opening + "(";
  for (int i = 0; i < 65; ++i) many += "1, ";
  expect_refused_dictionary(many + ")}", "at most 64 dimensions");
}

TEST(Npy, LengthsAndVersionsThatAreRefused) {
  const std::string whole =
      with_dictionary("{'descr': '<f8', 'fortran_order': True, 'shape': (3, 4)}");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string cut(whole, 0, size);
    EXPECT_THROW(parse_npy_header(cut, "x"), FormatError) << size;
  }
  std::string version = whole;
  version[6] = 4;
  expect_refusal<FormatError>([&] { parse_npy_header(version, "x"); }, "found 4.0");
  const std::string long_header(20'000, ' ');
  expect_refused_dictionary(long_header, "at most 10002; found 20000");
}

}  // namespace
}  // namespace austeer
