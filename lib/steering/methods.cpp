#include "steering/methods.hpp"

#include "steering/austeer.hpp"

namespace austeer {

const Registry<Method>& methods() {
  static const Registry<Method> registry = [] {
    Registry<Method> all("method");
    all.add("austeer",
            {"share of pairs whose momentum agrees in sign (arXiv 2602.04428)", rank_austeer});
    return all;
  }();
  return registry;
}

}  // namespace austeer
