#pragma once
// How Hugging Face names the tensors of a decoder, and how GGUF does.

#include <string>

namespace austeer {

/// "model.layers.3.self_attn.q_proj.weight" → "blk.3.attn_q.weight"; "" for a name that GGUF has
/// no counterpart of.
std::string gguf_name(const std::string& hugging_face_name);

/// The inverse; "" for what a decoder does not load (rope_freqs.weight).
std::string hugging_face_name(const std::string& gguf_name);

}  // namespace austeer
