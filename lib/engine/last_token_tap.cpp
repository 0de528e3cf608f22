#include "engine/last_token_tap.hpp"

namespace austeer {

LastTokenTap::LastTokenTap(const Decoder& model, std::span<const Site> sites, std::int64_t texts) {
  for (const Site site : sites) {
    read_[site] = at::zeros({texts, model.config().layers, model.site_width(site)}, model.dtype());
  }
}

bool LastTokenTap::wants(Site site, std::int64_t /*layer*/) const { return read_.contains(site); }

void LastTokenTap::visit(Site site, std::int64_t layer, const Rows& rows, at::Tensor& activations) {
  const at::Tensor last = at::tensor(rows.last, at::kLong).to(activations.device());
  const at::Tensor found = activations.index_select(0, last).cpu();
  // Texts are packed in ascending order, so the last rows are those of a run of texts.
  const std::int64_t first_text = rows.text[static_cast<std::size_t>(rows.last.front())];
  read_.at(site).select(1, layer).narrow(0, first_text, found.size(0)).copy_(found);
}

}  // namespace austeer
