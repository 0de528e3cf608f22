"""A web server on loopback for the tests of downloads: python http_server.py FOLDER.

Prints its port on the first line of stdout, then one line per request: PATH RANGE-HEADER STATUS.

  /files/NAME      the file, with byte ranges
  /noranges/NAME   the file, ranges ignored
  /truncated/NAME  announces the whole file, sends half and hangs up; honest when asked for a range
  /moved/NAME      redirects to /files/NAME
  /leave           redirects to a file:// address
  anything else    404
"""
import http.server
import os
import re
import sys

FOLDER = sys.argv[1]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        place, _, name = self.path[1:].partition("/")
        wanted = self.headers.get("Range", "-")
        if place == "leave" or place == "moved":
            target = "/files/" + name if place == "moved" else "file://" + FOLDER + "/plain.txt"
            self.note(wanted, 302)
            self.send_response(302)
            self.send_header("Location", target)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        file = os.path.join(FOLDER, os.path.basename(name))
        if place not in ("files", "noranges", "truncated") or not os.path.isfile(file):
            self.note(wanted, 404)
            self.send_error(404)
            return
        with open(file, "rb") as stream:
            body = stream.read()
        self.send_body(place, body, wanted)

    def send_body(self, place, body, wanted):
        asked = re.fullmatch(r"bytes=(\d+)-", wanted)
        if asked and place != "noranges":
            start = int(asked.group(1))
            if start >= len(body):
                self.note(wanted, 416)
                self.send_error(416)
                return
            self.note(wanted, 206)
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            self.send_header("Content-Length", str(len(body) - start))
            self.end_headers()
            self.wfile.write(body[start:])
            return
        self.note(wanted, 200)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if place == "truncated" else body)
        self.close_connection = True

    def note(self, wanted, status):
        print(self.path, wanted, status, flush=True)

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
