#include "studies/benches.hpp"

#include "runs/options.hpp"

namespace austeer {

bool Benches::is_open(const Entry& entry) const {
  return bench_ && model_->name == entry.model && &bench_->task() == entry.task;
}

Bench& Benches::at(const Entry& entry) {
  if (is_open(entry)) return *bench_;
  bench_.reset();
  if (!model_ || model_->name != entry.model) {
    model_.reset();  // first: there may be no room for two
    RunOptions run = study_.run;
    run.model = entry.model;
    model_ = open_model(run);
  }
  return bench_.emplace(study_, *entry.task, *model_, folder_);
}

}  // namespace austeer
