"""A judge on loopback for tests, which compares two responses or rates one: python judge_server.py LOG

Prints its port on the first line of stdout. Answers POST /BEHAVIOUR/v1/chat/completions, and appends
to LOG, before it answers, one line per request: BEHAVIOUR TRY DIGEST-OF-QUESTION AUTHORIZATION.

  fair       finds better the response that holds the word "better", else neither; rates such a
             response 5 and 4, another one 2 and 2; the editor finds each a point worse in quality
  careful    fair, after a moment
  lettered   finds better the response that comes later in the alphabet
  first      always finds the first response better
  lying      praises A and gives its verdict for B
  undecided  never gives one valid verdict
  hesitant   gives none at the first try of a question, is fair when asked again
  slow, failing, limited, dropped, cut
             first try of a question: no answer in time, status 500, status 429 with an hour to wait,
             a closed connection, half an answer; then fair
  broken     always status 500
  spent      fair to its first four questions, then status 402
  refused    status 401, with the request's key in the message
  whispering fair, with the request's key in the answer
  page, choiceless, messageless, wordless, numeral
             status 200 without a chat completion: HTML, no choices, no message, null and a number as
             content
  huge       three megabytes
  moved      redirects to fair
"""

import collections
import hashlib
import http.server
import json
import re
import sys
import threading
import time

LOG = open(sys.argv[1], "a")
LOCK = threading.Lock()
TRIES = collections.Counter()
RESPONSES = re.compile(r"===== (\w+) RESPONSE A =====\n(.*)\n===== \1 RESPONSE B =====\n(.*)\n"
                       r"===== \1 END =====", re.DOTALL)
RESPONSE = re.compile(r"===== (\w+) RESPONSE =====\n(.*)\n===== \1 END =====", re.DOTALL)
REMINDER = "Your last answer did not end with such a line."


def fair_line(question):
    """The last line of a fair answer."""
    rated = RESPONSE.search(question)
    if rated:
        quality, alignment = (5, 4) if "better" in rated.group(2) else (2, 2)
        if question.startswith("You edit texts"):
            quality -= 1
        return f"[[quality: {quality}, alignment: {alignment}]]"
    _, first, second = RESPONSES.search(question).groups()
    if ("better" in first) == ("better" in second):
        return "[[C]]"
    return "[[A]]" if "better" in first else "[[B]]"


def lettered_line(question):
    responses = RESPONSES.search(question)
    if not responses or responses.group(2) == responses.group(3):
        return "[[C]]"
    return "[[A]]" if responses.group(2) > responses.group(3) else "[[B]]"


def completion(content):
    return {"object": "chat.completion", "choices": [{"message": {"content": content}}]}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request = json.loads(body)
        question = request["messages"][0]["content"]
        behaviour = self.path.split("/")[1]
        if self.path != f"/{behaviour}/v1/chat/completions" or request["temperature"] != 0:
            self.reply(404, {"error": {"message": "no such place"}})
            return
        digest = hashlib.sha256(question.encode()).hexdigest()[:16]
        key = self.headers.get("Authorization", "-")
        with LOCK:
            TRIES[behaviour, digest] += 1
            number = TRIES[behaviour, digest]
            spent = behaviour == "spent" and TRIES.total() > 4
            print(behaviour, number, digest, key, file=LOG, flush=True)
        if number == 1 and self.stumble(behaviour):
            return
        if spent:
            self.reply(402, {"error": {"message": "no credit is left"}})
            return
        self.behave(behaviour, question, key)

    def stumble(self, behaviour):
        """What goes wrong at a question's first try; whether something did."""
        if behaviour == "slow":
            time.sleep(60)
        elif behaviour == "failing":
            self.reply(500, {"error": {"message": "out of order"}})
        elif behaviour == "limited":
            self.reply(429, {"error": "too many"}, {"Retry-After": "3600"})
        elif behaviour == "dropped":
            self.close_connection = True
        elif behaviour == "cut":
            self.reply(200, completion("x" * 1000), keep=500)
        else:
            return False
        return True

    def behave(self, behaviour, question, key):
        line = fair_line(question)
        if behaviour == "careful":
            time.sleep(0.02)
        if behaviour == "broken":
            self.reply(500, {"error": {"message": "out\x1b[31m of\norder"}})
        elif behaviour == "refused":
            self.reply(401, {"error": {"message": f"the key '{key}' is not valid"}})
        elif behaviour == "moved":
            self.reply(307, {}, {"Location": "/fair/v1/chat/completions"})
        elif behaviour == "page":
            self.reply(200, "<html><body>Welcome</body></html>")
        elif behaviour == "choiceless":
            self.reply(200, {"object": "error"})
        elif behaviour == "messageless":
            self.reply(200, {"choices": [{"text": "[[A]]"}]})
        else:
            self.reply(200, completion({
                "lettered": lettered_line(question),
                "first": "The first.\n[[A]]",
                "lying": "Response A is better by far.\n\n[[B]]\n",
                "undecided": "[[A]] has a point.\n[[B]]",
                "hesitant": f"Hm.\n{line}" if REMINDER in question else "I cannot decide.",
                "whispering": f"Your header says {key}.\n{line}",
                "wordless": None,
                "numeral": 7,
                "huge": "x" * 3_000_000,
            }.get(behaviour, f"I compared them.\n{line}")))

    def reply(self, status, content, headers=None, keep=None):
        body = (content if isinstance(content, str) else json.dumps(content)).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:keep])
        self.close_connection = keep is not None

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        pass  # clients that hang up are part of the tests


server = Server(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
