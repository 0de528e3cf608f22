#pragma once
// Which answers are alike, by the sentence encoder that the paper uses.

#include "tasks/wrong_answers.hpp"

namespace austeer {

/// The sentence encoder of the paper, as configs/models/ names it.
inline constexpr const char* sentence_encoder = "all-minilm-l6-v2";

/// Finds most similar texts by the cosine of their embeddings. The encoder is loaded when it is
/// first asked; FileError, saying how to fetch it, where it is not here.
NearestOthers nearest_by_meaning();

/// Throws what locate_encoder() throws where nearest_by_meaning() would.
void check_similarity_model();

}  // namespace austeer
