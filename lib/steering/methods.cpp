#include "steering/methods.hpp"

#include "steering/austeer.hpp"
#include "steering/caa.hpp"
#include "steering/iti.hpp"
#include "steering/sadi.hpp"
#include "steering/sta.hpp"

namespace austeer {

const Registry<Method>& methods() {
  static const Registry<Method> registry = [] {
    Registry<Method> all("method");
    all.add("austeer", {"units whose momentum agrees in sign over the pairs (arXiv 2602.04428)",
                        {"ffn"},
                        rank_austeer,
                        austeer_reads});
    all.add("iti", {"heads that probes read best, shifted (arXiv 2306.03341)",
                    {"attention"},
                    rank_iti,
                    iti_reads});
    all.add("caa", {"the mean difference of a layer's output (arXiv 2312.06681)",
                    {"layer"},
                    rank_caa,
                    caa_reads});
    all.add("sadi", {"heads, neurons or dimensions with the highest mean momentum, scaled "
                     "(arXiv 2410.12299)",
                     {"attention"},
                     rank_sadi,
                     sadi_reads});
    all.add("sta", {"a layer's vector of the sparse autoencoder atoms that tell answers apart "
                    "(arXiv 2505.20322)",
                    {"layer"},
                    rank_sta,
                    sta_reads});
    return all;
  }();
  return registry;
}

}  // namespace austeer
