#pragma once
// Weights that bitsandbytes has quantised to NF4, as `transformers` saves them: beside the packed
// tensor lie its scales, the tables of both, and a small JSON text with the sizes.

#include <memory>
#include <string>

#include "tensors/checkpoint.hpp"
#include "tensors/packed_matrix.hpp"

namespace austeer {

/// Whether the weight `name` is stored in NF4. Throws FormatError for the other formats of
/// bitsandbytes, FP4 and int8, and for a packed weight whose description is missing.
bool is_nf4(const Checkpoint& checkpoint, const std::string& name);

/// The weight `name`, in 4 bits: its parts stay views of the mapped file. Values are those with
/// which bitsandbytes' layers multiply x of the dtype that is unpacked to: computed in float32 and
/// rounded once. The dtype that the description names, of the weight before it was quantised, must
/// be one that bitsandbytes has, and changes nothing, as in those layers (gemm_4bit). Only where
/// dequantize_4bit is called by itself does it round to that dtype.
///
/// Throws FormatError, naming file and tensor, for parts that are missing or whose sizes do not
/// belong together.
std::shared_ptr<const PackedMatrix> load_nf4(const Checkpoint& checkpoint, const std::string& name);

}  // namespace austeer
