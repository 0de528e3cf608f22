#include "runs/similarity.hpp"

#include <spdlog/spdlog.h>

#include "base/paths.hpp"
#include "models/locate.hpp"
#include "models/sentence_encoder.hpp"

namespace austeer {

NearestOthers nearest_by_meaning() {
  return [](std::span<const std::string> texts, std::size_t pool) {
    spdlog::info("{} embeds {} answers", sentence_encoder, texts.size());
    const SentenceEncoder encoder(
        locate_encoder(sentence_encoder, project_folder("configs"), home_folder()));
    return nearest_others(encoder.embed(texts), static_cast<std::int64_t>(pool));
  };
}

void check_similarity_model() {
  locate_encoder(sentence_encoder, project_folder("configs"), home_folder());
}

}  // namespace austeer
