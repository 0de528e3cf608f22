#pragma once
// Where sentences end, by a rule of one paragraph. NLTK's word_tokenize asks Punkt, a model that
// has to be downloaded and was trained on newspapers; the rule below needs nothing and is the same
// everywhere. It matters to words() only in that a full stop is a word of its own at the end of a
// sentence and part of its word elsewhere.

#include <string_view>
#include <vector>

namespace austeer {

/// The sentences of valid UTF-8 `text`, without the white space between them. A sentence ends after
/// a run of '.', '?', '!' and the quotes and brackets that close behind it, where white space and
/// then anything but a lower-case letter follow. It does not end at a full stop behind initials
/// (single letters with full stops between them: "J.", "U.S.", "e.g.") or a title or abbreviation:
/// Mr, Mrs, Ms, Dr, Prof, St, Jr, Sr, Gen, Gov, Sen, Rep, Rev, Capt, Col, Lt, vs, cf.
std::vector<std::string_view> sentences(std::string_view text);

}  // namespace austeer
