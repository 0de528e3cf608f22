#pragma once
// Which austeer this is. Written into every artifact, so that a result can be traced to its code.

#include <string>

namespace austeer {

/// The release, "0.1.0".
std::string version();

/// `git describe` of the source tree at build time, "-dirty" where it had changes; "unknown"
/// outside a checkout.
std::string git_describe();

/// Both, as rankings and plans record them: "0.1.0 (v0.1.0-5-g1a2b3c4)".
inline std::string full_version() { return version() + " (" + git_describe() + ")"; }

}  // namespace austeer
