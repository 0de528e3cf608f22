#include "engine/clean_pass.hpp"

#include <vector>

namespace austeer {
namespace {

/// Shows another tap, without letting it edit, what it will visit in the next pass.
class Observation : public Tap {
 public:
  explicit Observation(Tap& observer) : observer_(observer) {}

  void begin_pass() override { observer_.begin_pass(); }
  bool wants(Site site, std::int64_t layer) const override { return observer_.wants(site, layer); }
  void visit(Site site, std::int64_t layer, const Rows& rows, at::Tensor& activations) override {
    observer_.observe(site, layer, rows, activations);
  }

 private:
  Tap& observer_;
};

}  // namespace

void run_clean_pass(const Decoder& model, std::span<const TextSlice> slices, PassWay way,
                    Tap* tap) {
  if (tap == nullptr || !tap->wants_clean_pass()) return;
  std::vector<TextSlice> prompts;
  for (const TextSlice& slice : slices) {
    if (slice.prompt == 0) continue;
    const auto tokens = slice.tokens.first(static_cast<std::size_t>(slice.prompt));
    prompts.push_back({slice.text, tokens, slice.prompt});
  }
  if (prompts.empty()) return;
  Observation observation(*tap);
  PackedPass pass(prompts, way, &observation, model);
  model.forward(pass);
}

}  // namespace austeer
