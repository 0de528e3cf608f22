#pragma once
// What export and verify print of a verification.

#include "runs/verify_export.hpp"

namespace austeer::app {

void print_verification(const Verification& verification);

}  // namespace austeer::app
