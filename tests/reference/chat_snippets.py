"""Pieces of chat templates, written for this project: each exercises one part of the language that
templates of models use. `SNIPPETS` are rendered by transformers and by austeer and must be equal;
`REFUSED` are refused by both, each with the line that austeer names and a part of what it says;
`UNSUPPORTED` are only refused by austeer.
"""

VARIABLES = {
    "number": 7, "ratio": 2.5, "big": 1e16, "small": 1.5e-7, "whole": 3.0, "yes": True, "no": False,
    "nothing": None, "empty": "", "word": "Straße", "greek": "ΟΔΟΣ", "wide": "日本語テキスト🙂",
    "spaced": " \t\u00a0two  words\n", "lines": "one\ntwo\r\n\nfour\u2028five",
    "names": ["ann", "Bob", "cid", "Ann"], "none_of": [], "numbers": [3, 1, 2.0, True],
    "people": [{"name": "Zoe", "age": 31, "tags": ["x"]}, {"name": "amy", "age": 7, "tags": []},
               {"name": "Max", "age": 31}],
    "nested": {"a": {"b": [1, {"c": "deep"}]}, "items": "shadowed", "z": None, "é": "ü"},
    "quoted": "it's \"so\" \\ \u0007 \u200b \u00ad é", "html": "<b>&'\"</b>",
    "thought": "<think>\nhm\n</think>\n\nYes.",
}

SNIPPETS = {
    "text alone": "Plain text.\n\n",
    "line breaks": "a\r\nb\rc\n",
    "print": "{{ word }}{{number}}{{ 'x' }}{{ \"y\" }}",
    "print nothing": "[{{ missing }}|{{ nothing }}|{{ empty }}]",
    "print numbers": "{{ ratio }} {{ big }} {{ small }} {{ whole }} {{ 1e5 }} {{ 1_000 }} {{ 0.1 + 0.2 }}",
    "print booleans": "{{ yes }} {{ no }} {{ true }} {{ False }} {{ none }}",
    "print lists": "{{ names }} {{ numbers }} {{ [] }} {{ ['a', 1, none, 2.0, true] }}",
    "print tuples": "{{ (1, 2) }} {{ (1,) }} {{ () }} {{ 1, 'b' }}",
    "print dicts": "{{ nested }} {{ {} }} {{ {'k': [1], 2: 'b'} }}",
    "print quotes": "{{ [quoted, \"it's\", 'say \"x\"', html, wide, '\\x7f\\u00e9\\U0001f600'] }}",
    "escapes in texts": "{{ 'a\\n\\tb\\\\ \\' \\\" \\x41 \\101 \\u00e9 \\q' }}{{ \"it's\" }}",
    "texts side by side": "{{ 'a' \"b\" 'c' }}",
    "comments": "a{# one #}b{#- two -#} c {# {{ x }} {% if %} #}\nd{#\n#}\n",
    "white space marks": "a  {{- 1 -}}  b\n {%- if yes -%} \n c \n {%- endif -%} \n d",
    "white space kept": "a\n  {%+ if yes +%}\n  b\n  {%+ endif %}\nc",
    "blocks on their lines": "<ul>\n  {% for n in names %}\n    <li>{{ n }}</li>\n  {% endfor %}\n</ul>\n",
    "a block after text": "x {% if yes %}\ny{% endif %}\n\nz",
    "a print on its line": "a\n  {{ 1 }}\n  b\n",
    "raw": "{% raw %}{{ a }} {% b %}\n  {% endraw %}\nc{%- raw -%}  d  {%- endraw -%}  e",
    "if": "{% if number > 9 %}a{% elif number == 7 %}b{% else %}c{% endif %}"
          "{% if no %}d{% endif %}{% if none_of %}e{% elif nested %}f{% endif %}",
    "truth": "{% for v in ['', 'a', 0, 1, 0.0, none, [], [0], {}, {'a': 1}, missing, ()] %}"
             "{{ 'T' if v else 'F' }}{% endfor %}",
    "for": "{% for n in names %}{{ loop.index }}/{{ loop.length }}{{ n }}{{ ',' if not loop.last }}"
           "{% else %}none{% endfor %}",
    "for else": "{% for n in none_of %}{{ n }}{% else %}none{% endfor %}",
    "for if": "{% for n in names if n != 'Bob' %}{{ loop.index0 }}{{ n }}{{ loop.revindex }}"
              "{{ loop.revindex0 }}{{ loop.first }} {% endfor %}",
    "for if none": "{% for n in names if n == 'x' %}{{ n }}{% else %}none{% endfor %}",
    "for neighbours": "{% for n in names %}{{ loop.previtem }}<{{ n }}>{{ loop.nextitem }}{% endfor %}",
    "for pairs": "{% for k, v in nested.items() %}{{ k }}={{ v }};{% endfor %}"
                 "{% for (a, b) in [(1, 2), [3, 4]] %}{{ a + b }} {% endfor %}",
    "for a dict": "{% for k in nested %}{{ k }},{% endfor %}",
    "for a text": "{% for c in wide %}{{ c }}.{% endfor %}",
    "for undefined": "{% for c in missing %}x{% else %}none{% endfor %}",
    "for nested": "{% for a in [1, 2] %}{% for b in [3, 4] %}{{ loop.depth }}{{ loop.index }}{{ a * b }} "
                  "{% endfor %}{{ loop.index }}{{ loop.depth0 }};{% endfor %}",
    "break and continue": "{% for i in range(9) %}{% if i == 1 %}{% continue %}{% endif %}"
                          "{% if i == 4 %}{% break %}{% endif %}{{ i }}{% endfor %}",
    "range": "{{ range(3)|list }}{{ range(2, 8, 3)|list }}{{ range(3, 0, -1)|list }}{{ range(4)[-1] }}",
    "set": "{% set a = 1 %}{% set b, c = 2, 3 %}{{ a + b + c }}{% set t = 1, 2 %}{{ t }}",
    "set in if": "{% if yes %}{% set a = 'in' %}{% endif %}{{ a }}",
    "set in for": "{% set a = 'out' %}{% for i in [1, 2] %}{{ a }}{% set a = i %}{{ a }} {% endfor %}{{ a }}",
    "set body": "{% set a %}  {{ word }}\n{% endset %}[{{ a }}]{% set b | upper | trim %} x {% endset %}[{{ b }}]",
    "set body in for": "{% for i in [1, 2] %}{% set x %}{{ i }}{% endset %}{{ x }}{% endfor %}[{{ x }}]",
    "namespace": "{% set ns = namespace(a=1, found=false) %}{% for i in [1, 2] %}{% set ns.a = ns.a + i %}"
                 "{% set ns.found = true %}{% endfor %}{{ ns.a }}{{ ns.found }}{{ ns.other is defined }}",
    "namespace of a dict": "{% set ns = namespace({'a': 1}, b=2) %}{{ ns.a }}{{ ns['b'] }}",
    "with": "{% with a = 1, b = number %}{{ a + b }}{% set c = 5 %}{{ c }}{% endwith %}[{{ a }}{{ c }}]",
    "filter block": "{% filter upper|replace('A', 'o') %}banana {{ word }}{% endfilter %}",
    "generation": "{% for i in [1] %}{% generation %}said {{ i }}\n{% endgeneration %}{% endfor %}.",
    "macro": "{% macro m(a, b='x', c=none) %}[{{ a }}{{ b }}{{ c }}]{% endmacro %}"
             "{{ m(1) }}{{ m(1, c=3) }}{{ m(b=2, a=1) }}{{ m() }}{{ m(1, 2, 3) | length }}",
    "macro recursive": "{% macro m(x) %}{% if x is mapping %}{% for k, v in x.items() %}{{ k }}:{{ m(v) }};"
                       "{% endfor %}{% elif x is iterable and x is not string %}"
                       "{% for v in x %}{{ m(v) }},{% endfor %}{% else %}{{ x }}{% endif %}{% endmacro %}"
                       "{{ m(nested) }}",
    "macro reads outside": "{% set a = 1 %}{% macro m() %}{{ a }}{{ number }}{% set a2 = 5 %}{% endmacro %}"
                           "{{ m() }}{% set a = 2 %}{{ m() }}{{ a2 }}",
    "macro spaces": "{% macro m(x) %}\n  {%- if x %}\n    {{- x }}\n  {%- endif %}\n{% endmacro %}\n[{{ m(1) }}]{{- m(2) }}",
    "macro before its use": "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}B{% endmacro %}{{ a() }}",
    "attributes": "{{ nested.a.b[1].c }}{{ nested['a']['b'][0] }}{{ nested.a['b'].0 }}{{ nested['items'] }}"
                  "{{ nested.é }}" .replace("nested.é", "nested['é']"),
    "missing attributes": "[{{ nested.x }}{{ nested['y'] }}{{ names[9] }}{{ names[-9] }}{{ word.x }}{{ nothing.x }}{{ number['a'] }}]",
    "places": "{{ names[0] }}{{ names[-1] }}{{ word[4] }}{{ wide[-1] }}{{ wide[1] }}{{ numbers[true] }}",
    "slices": "{{ names[1:] }}{{ names[:-1] }}{{ names[::-1] }}{{ names[::2] }}{{ names[-3:-1] }}{{ names[5:] }}"
              "{{ names[2:0:-1] }}{{ wide[1:3] }}{{ wide[::-1] }}{{ word[:-2] }}{{ names[:] }}{{ (1, 2, 3)[1:] }}",
    "slices of messages": "{% for m in messages[::-1] %}{{ m.role }} {% endfor %}{{ messages[1:]|length }}",
    "arithmetic": "{{ 7 + 2 }} {{ 7 - 9 }} {{ 7 * 2.0 }} {{ 7 / 2 }} {{ 8 / 2 }} {{ 7 // 2 }} {{ -7 // 2 }} "
                  "{{ 7 % 3 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 7.5 % 2 }} {{ -7.5 // 2 }} {{ 2 ** 10 }} {{ 2 ** -1 }} "
                  "{{ 2 ** 3 ** 2 }} {{ -2 ** 2 }} {{ true + true }} {{ -number }} {{ +number }} {{ 4 ** 0.5 }}",
    "arithmetic of texts": "{{ 'ab' + 'cd' }}{{ 'ab' * 3 }}{{ 2 * 'x' }}{{ [1] + [2] }}{{ [0] * 3 }}{{ 'a' * -1 }}|{{ (1,) + (2,) }}",
    "concatenation": "{{ 'a' ~ 1 ~ none ~ missing ~ 2.0 ~ [1] }}{{ 1 ~ 2 ~ 3 }}{{ 'a' ~ 'b' * 2 }}",
    "precedence": "{{ 1 + 2 * 3 - 4 / 2 }} {{ (1 + 2) * 3 }} {{ not true or true }} {{ not (true or true) }} "
                  "{{ 1 if no else 2 if no else 3 }} {{ yes and no or 'x' }} {{ 2 * 3 ** 2 }} {{ -3 | abs }} {{ 1 + 2 | string + 'a' }}"
                  .replace(" {{ 1 + 2 | string + 'a' }}", " {{ 'n' + 2 | string + 'a' }}"),
    "comparisons": "{{ 1 < 2 < 3 }}{{ 1 < 2 > 3 }}{{ 1 == 1.0 == true }}{{ 'a' < 'b' }}{{ 'a' == 1 }}{{ [1, 2] < [1, 3] }}"
                   "{{ 1 != 2 }}{{ 2 >= 2 }}{{ 2 <= 1 }}{{ none == none }}{{ missing == missing2 }}{{ missing == none }}"
                   "{{ {'a': 1, 'b': 2} == {'b': 2, 'a': 1} }}{{ [1] == (1,) }}{{ 'Z' < 'a' }}{{ 'é' > 'z' }}",
    "in": "{{ 'a' in 'cat' }}{{ 'x' not in 'cat' }}{{ 1 in [1, 2] }}{{ 'a' in nested }}{{ 'q' in nested }}{{ 1 in missing }}"
          "{{ '' in 'a' }}{{ 2 in (1, 2) }}{{ 3 in range(4) }}{{ 'role' in messages[0] }}{{ not 1 in [2] }}",
    "and or": "{{ 'a' and 'b' }}{{ '' and 'b' }}{{ '' or 'c' }}{{ 'a' or missing.x }}{{ no and missing.x }}{{ none or none }}",
    "inline if": "{{ 'a' if yes }}{{ 'b' if no }}{{ 'c' if no else 'd' }}{{ ('x' if yes else 'y') ~ 'z' }}",
    "tests of kinds": "{% for v in [1, 1.5, true, none, 'a', [1], (1,), {'a': 1}, missing, nested.items, range(2)] %}"
                      "{{ v is defined }}{{ v is undefined }}{{ v is none }}{{ v is boolean }}{{ v is true }}{{ v is false }}"
                      "{{ v is integer }}{{ v is float }}{{ v is number }}{{ v is string }}{{ v is mapping }}"
                      "{{ v is sequence }}{{ v is iterable }}{{ v is callable }}\n{% endfor %}",
    "tests with arguments": "{{ 9 is divisibleby 3 }}{{ 9 is divisibleby(2) }}{{ 3 is odd }}{{ 3 is even }}{{ 1 is eq 1 }}{{ 1 is ne 1 }}"
                            "{{ 1 is lt 2 }}{{ 1 is gt(2) }}{{ 2 is ge 2 }}{{ 2 is le 1 }}{{ 'a' is in 'abc' }}{{ none is sameas none }}"
                            "{{ true is sameas true }}{{ 1 is sameas true }}{{ 'abc' is lower }}{{ 'ABC' is upper }}{{ 'Abc' is lower }}{{ '1' is upper }}",
    "tests negated": "{{ missing is not defined }}{{ word is not string }}{{ not missing is defined }}{{ 1 is not none and 2 is not none }}",
    "length": "{{ names|length }}{{ wide|length }}{{ nested|length }}{{ missing|length }}{{ names|count }}{{ ''|length }}{{ nested.keys()|length }}",
    "default": "{{ missing|default('d') }}{{ empty|default('d') }}{{ empty|default('d', true) }}{{ none|d('x') }}{{ none|d('x', boolean=true) }}"
               "{{ nested.q|default(1) + 1 }}[{{ missing|default }}]",
    "join": "{{ names|join(', ') }}{{ numbers|join }}{{ people|join('/', attribute='name') }}{{ 'abc'|join('-') }}{{ names|join(1) }}",
    "first and last": "{{ names|first }}{{ names|last }}{{ none_of|first }}{{ wide|last }}{{ nested|first }}{{ people|map(attribute='age')|first }}",
    "reverse": "{{ names|reverse|list }}{{ wide|reverse }}{{ (1, 2)|reverse|join }}",
    "sort": "{{ names|sort }}{{ names|sort(reverse=true) }}{{ names|sort(case_sensitive=true) }}{{ numbers|sort }}"
            "{{ people|sort(attribute='age')|map(attribute='name')|list }}{{ 'bca'|sort }}",
    "dictsort": "{{ {'b': 1, 'A': 3, 'c': 2}|dictsort }}{{ {'b': 1, 'A': 3}|dictsort(true) }}{{ {'b': 1, 'a': 3}|dictsort(by='value', reverse=true) }}",
    "min max sum": "{{ numbers|min }}{{ numbers|max }}{{ [1, 2.5]|sum }}{{ people|sum(attribute='age') }}{{ names|min }}{{ names|max }}{{ [1]|sum(start=4) }}"
                   "{{ people|max(attribute='age') }}[{{ none_of|min }}]",
    "unique": "{{ names|unique|list }}{{ [1, 1.0, 2, true]|unique|list }}",
    "map": "{{ names|map('upper')|list }}{{ people|map(attribute='name')|join(',') }}{{ people[:2]|map(attribute='tags.0')|list|length }}"
           "{{ people|map(attribute='tags', default=0)|list }}{{ names|map('replace', 'n', 'm')|join }}",
    "select": "{{ numbers|select('odd')|list }}" .replace("numbers", "[1, 2, 3]") +
              "{{ ['', 'a']|select|list }}{{ [1, 2, 3]|reject('gt', 1)|list }}{{ ['', 'a']|reject|list }}"
              "{{ people|selectattr('age', 'equalto', 31)|map(attribute='name')|list }}{{ people|selectattr('tags')|list|length }}"
              "{{ people|rejectattr('tags', 'defined')|map(attribute='name')|list }}{{ messages|selectattr('role', '==', 'user')|list|length }}",
    "filters read once": "{% set g = names|map('upper') %}{{ g|join }}[{{ g|join }}]{{ 'x' if g }}",
    "case": "{{ word|upper }}{{ word|lower }}{{ greek|lower }}{{ 'hELLO wORLD'|capitalize }}{{ 'hello-wORLD (you) ǆx'|title }}{{ 'ßx'|capitalize }}"
            "{{ 12|upper }}{{ word.upper() }}{{ 'ÀÉ'.lower() }}{{ 'ab C'.capitalize() }}",
    "replace": "{{ 'banana'|replace('a', 'o') }}{{ 'banana'|replace('a', 'o', 2) }}{{ 'banana'.replace('an', '') }}{{ 'ab'.replace('', '-') }}"
               "{{ 'banana'.replace('a', 'o', 1) }}{{ 121|replace(1, 3) }}{{ '日本'.replace('', '.', 2) }}",
    "trim": "[{{ spaced|trim }}][{{ spaced.strip() }}][{{ spaced.lstrip() }}][{{ spaced.rstrip() }}][{{ 'xxaxx'|trim('x') }}]"
            "[{{ '<a>'.strip('<>') }}][{{ 'éaé'.lstrip('é') }}][{{ '\\n\\na'.lstrip('\\n') }}][{{ 5|trim }}]",
    "split": "{{ 'a,b,,c'.split(',') }}{{ '  a  b '.split() }}{{ 'a b c'.split(' ', 1) }}{{ 'a b c'.rsplit(' ', 1) }}{{ ''.split() }}{{ ''.split(',') }}"
             "{{ 'a b  c'.split(none, 1) }}{{ 'a  b c'.rsplit(maxsplit=1) }}{{ thought.split('</think>')[-1].lstrip('\\n') }}"
             "{{ thought.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') }}{{ 'a<s>b'.split('<s>', maxsplit=1) }}",
    "splitlines": "{{ lines.splitlines() }}{{ ''.splitlines() }}{{ 'a\\n'.splitlines() }}",
    "starts and ends": "{{ word.startswith('St') }}{{ word.endswith('e') }}{{ word.startswith(('x', 'S')) }}{{ 'a'.endswith('') }}{{ thought.startswith('<think>') }}",
    "other methods": "{{ 'banana'.find('n') }}{{ '日本語'.find('語') }}{{ 'a'.find('x') }}{{ 'banana'.rfind('n') }}{{ 'banana'.count('an') }}{{ ', '.join(names) }}"
                     "{{ 'xay'.removeprefix('x').removesuffix('y') }}{{ '12'.isdigit() }}{{ ''.isdigit() }}{{ ' \\n'.isspace() }}{{ names.index('cid') }}{{ names.count('ann') }}",
    "dict methods": "{{ nested.get('z') }}{{ nested.get('q', 'd') }}{{ nested.get('q') }}{{ nested.keys()|list }}{{ {'a': 1}.values()|list }}{{ {'a': 1}.items()|list }}",
    "items filter": "{% for k, v in nested|items %}{{ k }}{% endfor %}{% for k, v in missing|items %}x{% endfor %}",
    "numbers from texts": "{{ '12'|int + 1 }}{{ ' -3 '|int }}{{ 'x'|int }}{{ 'x'|int(5) }}{{ '3.9'|int }}{{ 3.9|int }}{{ none|int }}{{ '1e3'|float }}{{ 'x'|float }}{{ 2|float }}{{ true|int }}",
    "round": "{{ 2.5|round }}{{ 3.5|round }}{{ 2.675|round(2) }}{{ 2.1|round(0, 'ceil') }}{{ 2.19|round(1, 'floor') }}{{ 5|round }}{{ -2.5|round }}{{ -3.2|abs }}",
    "list and string": "{{ 'abc'|list }}{{ nested|list }}{{ [1]|string + 'x' }}{{ none|string }}{{ 1.0|string|length }}{{ (1, 2)|list }}",
    "indent": "{{ lines|indent }}|{{ 'a\\n\\nb'|indent(2, true) }}|{{ 'a\\n\\nb'|indent(2, blank=true) }}|{{ 'a\\nb'|indent('> ', first=true) }}|{{ ''|indent }}",
    "tojson": "{{ nested|tojson }}{{ names|tojson }}{{ html|tojson }}{{ wide|tojson }}{{ quoted|tojson }}{{ numbers|tojson }}{{ none|tojson }}{{ 'a\\n\\x01\\x7f/'|tojson }}{{ big|tojson }}",
    "tojson with options": "{{ nested|tojson(indent=2) }}{{ {'b': 1, 'a': [1, {}], 'c': []}|tojson(indent=4, sort_keys=true) }}"
                           "{{ {'a': [1, 2]}|tojson(separators=(',', ':')) }}{{ wide|tojson(ensure_ascii=true) }}{{ {1: 2, none: 3, true: 4, 1.5: 5}|tojson }}",
    "safe": "{{ html|safe }}{{ nested|tojson|safe }}",
    "strftime_now": "{{ strftime_now('%d %b %Y') }}{{ strftime_now('%Y-%m-%d %H:%M:%S %A %B %j') }}[{{ strftime_now('') }}]",
    "strftime_now is defined": "{% if strftime_now is defined %}{{ strftime_now('%Y') }}{% endif %}{{ raise_exception is defined }}",
    "variables of transformers": "{{ tools is none }}{{ documents is none }}{{ tools is defined }}{{ add_generation_prompt }}{{ bos_token }}{{ pad_token is defined }}",
    "turns": "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
             "{% set odd = true %}{% endif %}{{ '<|' + message['role'] + '|>\\n' + message['content'] | trim + eos_token + '\\n' }}{% endfor %}"
             "{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}",
    "system first": "{%- if messages[0]['role'] == 'system' %}\n    {%- set system_message = messages[0]['content'] %}\n"
                    "    {%- set loop_messages = messages[1:] %}\n{%- else %}\n    {%- set system_message = 'You are of use.' %}\n"
                    "    {%- set loop_messages = messages %}\n{%- endif %}\n{{- '<s>' + system_message + '</s>' }}\n"
                    "{%- for message in loop_messages %}\n    {{- '\\n' ~ loop.index ~ ': ' ~ message.content }}\n{%- endfor %}\n",
    "last user turn": "{%- set ns = namespace(last=messages|length - 1, open=true) %}\n{%- for message in messages[::-1] %}\n"
                      "    {%- set index = (messages|length - 1) - loop.index0 %}\n    {%- if ns.open and message.role == \"user\" and "
                      "not(message.content.startswith('<tool>') and message.content.endswith('</tool>')) %}\n        {%- set ns.open = false %}\n"
                      "        {%- set ns.last = index %}\n    {%- endif %}\n{%- endfor %}\n{{ ns.last }}\n",
    "content of parts": "{% for m in messages %}{% if m['content'] is string %}{{ m['content'] }}{% elif m['content'] is iterable %}"
                        "{% for p in m['content'] %}{{ p['text'] | trim }}{% endfor %}{% else %}{{ raise_exception('kind') }}{% endif %}{% endfor %}",
}

REFUSED = {
    "raise_exception": ("\n{{ raise_exception('No ' ~ 'system here') }}", 2, "the template refuses: No system here"),
    "raise_exception in a loop": ("{% for m in messages %}\n\n{% if loop.index == 2 %}{{ raise_exception('two') }}{% endif %}{% endfor %}"
                                  "{{ raise_exception('end') }}", 3, "refuses: "),
    "attribute of undefined": ("a\nb {{ missing.x }}", 2, "'missing' is undefined"),
    "attribute of a missing attribute": ("{{ nested.q.r }}", 1, "a dict has no 'q'"),
    "call of undefined": ("{{ missing() }}", 1, "'missing' is undefined"),
    "call of a text": ("{{ word() }}", 1, "a text cannot be called"),
    "a text and a number": ("{{ 'a' + 1 }}", 1, "a text + an integer is not possible"),
    "undefined and a number": ("{{ missing + 1 }}", 1, "'missing' is undefined"),
    "order of kinds": ("{{ 'a' < 1 }}", 1, "have no order"),
    "division by zero": ("{{ 1 // 0 }}", 1, "a division by zero"),
    "in a number": ("{{ 1 in 2 }}", 1, "an integer has no items"),
    "length of a number": ("{{ 5|length }}", 1, "an integer has no length"),
    "loop over a number": ("{% for x in number %}{% endfor %}", 1, "an integer has no items"),
    "too few values": ("{% set a, b = [1] %}", 1, "1 values for 2 variables"),
    "unknown argument of a macro": ("{% macro m(a) %}{% endmacro %}{{ m(b=1) }}", 1, "takes no argument 'b'"),
    "too many arguments of a macro": ("{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}", 1, "takes 1 arguments"),
    "split at nothing": ("{{ 'a'.split('') }}", 1, "at an empty text"),
    "startswith a number": ("{{ 'a'.startswith(1) }}", 1, "takes a text"),
    "a list changed": ("{{ names.append(1) }}", 1, "the method 'append' of a list is not supported"),
    "a dict changed": ("{{ nested.update({}) }}", 1, "the method 'update' of a dict is not supported"),
    "tojson of undefined": ("{{ missing|tojson }}", 1, "cannot be written as JSON"),
    "range without end": ("{{ range(1000000) }}", 1, "more than 100000"),
    "an index that is a list": ("{% set a = {[1]: 2} %}", 1, "cannot be the key of a dict"),
    "set of no namespace": ("{% set a = 1 %}{% set a.b = 2 %}", 1, "'a' is no namespace"),
    "hidden attribute": ("{% set ns = namespace() %}{% set ns._x = 2 %}", 1, "'_x'"),
    "tag not closed": ("a\n{% if x", 2, "does not end with %}"),
    "print not closed": ("{{ x\n", 1, "does not end with }}"),
    "comment not closed": ("\n\n{# x", 3, "a comment does not end"),
    "raw not closed": ("{% raw %} x", 1, "does not end"),
    "block not closed": ("{% for x in y %}\n{% if x %}{% endif %}", 2, "the template ends before {% endfor %}"),
    "wrong end": ("{% for x in y %}\n{% endif %}", 2, "endif"),
    "else alone": ("{% else %}", 1, "closes nothing"),
    "unknown tag": ("\n{% frob x %}", 2, "the tag 'frob' is not supported"),
    "brackets": ("{{ (1 }}", 1, ""),
    "brackets that differ": ("{{ (1] }}", 1, "closes nothing"),
    "no value": ("{{ }}", 1, "a value should stand"),
    "two values": ("{{ 1 2 }}", 1, "should stand"),
    "text not closed": ("{{ 'abc }}", 1, "does not end"),
    "odd character": ("{{ a ? b }}", 1, "'?' is unexpected"),
    "break alone": ("{% break %}", 1, "outside of a for"),
    "keyword before others": ("{{ range(a=1, 2) }}", 1, "an argument with a name"),
    "default before others": ("{% macro m(a=1, b) %}{% endmacro %}", 1, "should stand"),
    "assignment to a literal": ("{% set none = 1 %}", 1, "cannot be a variable"),
    "a chain of tests": ("{{ 1 is number is string }}", 1, "should stand"),
    "unknown filter": ("{{ 1|frob }}", 1, "the filter 'frob' is not supported"),
    "unknown test": ("{{ 1 is frob }}", 1, "the test 'frob' is not supported"),
}

UNSUPPORTED = {
    "a filter": ("\n{{ people|groupby('age') }}", 2, "the filter 'groupby' is not supported"),
    "a tag": ("{% include 'x' %}", 1, "the tag 'include' is not supported"),
    "a block": ("{% block x %}{% endblock %}", 1, "the tag 'block' is not supported"),
    "a method": ("{{ word.center(9) }}", 1, "the method 'center' of a text is not supported"),
    "a function": ("{{ lipsum() }}", 1, "the function 'lipsum' is not supported"),
    "recursive for": ("{% for x in [1] recursive %}{% endfor %}", 1, "recursive is not supported"),
    "arguments of a list": ("{{ range(*[1]) }}", 1, "arguments by * and ** are not supported"),
    "text format": ("{{ '%s' % 1 }}", 1, "% of a text is not supported"),
    "a safe text in an expression": ("{{ (html|safe) ~ 'x' }}", 1, "the filter 'safe' is not supported"),
    "a large integer": ("{{ 9999999999 ** 3 }}", 1, "more than 64 bits"),
    "a view printed": ("{{ nested.keys() }}", 1, "put |list after"),
    "a macro printed": ("{% macro m() %}{% endmacro %}{{ m }}", 1, "a function cannot be printed"),
    "unbounded recursion": ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", 1, "nested too deeply"),
    "too much text": ("{% set ns = namespace(t='x' * 1000) %}{% for i in range(100) %}{% set ns.t = ns.t + ns.t %}{% endfor %}",
                      1, "makes too much text"),
    "a long search": ("{% set s = 'a' * 1000000 %}{{ 'a' * 500000 + 'b' in s }}", 1, "too many steps"),
    "many long comparisons": ("{% set s = 'a' * 1000000 %}{% set t = s ~ 'b' %}{% for i in range(9000) %}"
                              "{{ '' if s < t }}{% endfor %}", 1, "too many steps"),
    "a long name": ("{{ " + "a" * 300 + " }}", 1, "a name is too long"),
    "one long text": ("{{ 'x' * 9999999999 }}", 1, "a repetition is too long"),
    "too many steps": ("{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}", 1, "too "),
    "values in values": ("{% set ns = namespace(t=[]) %}{% for i in range(1000) %}{% set ns.t = [ns.t] %}{% endfor %}",
                         1, "nested deeper than 100"),
    "brackets in brackets": ("{{ " + "(" * 500 + "1" + ")" * 500 + " }}", 1, "nested too deeply"),
    "blocks in blocks": ("{% if 1 %}" * 500 + "{% endif %}" * 500, 1, "nested too deeply"),
    "a long sum": ("{{ 1" + " + 1" * 1000 + " }}", 1, "too many parts"),
    "a number in base 16": ("{{ 0x10 }}", 1, "base 2, 8 or 16"),
}
