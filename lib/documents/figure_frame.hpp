#pragma once
// Where a figure's axes begin and end, and where its bars stand.

#include <cstddef>

#include "documents/figure.hpp"

namespace austeer {

/// The ranges of both axes.
struct Frame {
  Interval x;
  Interval y;
};

/// The axes' own ranges, else those of the content (its intervals, references and the axes' ticks
/// included) with a little room. For a figure that passes check().
Frame frame_of(const Figure& figure);

/// The smallest and the largest value of a heat map, or its own range, made symmetric about its
/// centre, and never empty.
Interval color_range(const HeatMap& map);

/// How wide a bar is, where a group is 0.8 wide and one apart from the next.
double bar_width(std::size_t series);

/// Where the bar of `index`, of `series` bars in a group, stands along x.
double bar_position(std::size_t group, std::size_t index, std::size_t series);

}  // namespace austeer
