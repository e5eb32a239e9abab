# A receiver in Python: python3 receiver.py
import json
import os
from http.server import BaseHTTPRequestHandler, HTTPServer


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if question.get("email", "").endswith("@example.org"):
            self.send_response(204)
            self.end_headers()
            return
        message = {"id": 1000001, "type": "error", "text": "Only people of example.org may join."}
        answer = json.dumps({"messages": [{"instance_ptr": "#/traits/email", "messages": [message]}]}).encode()
        self.send_response(403)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


HTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8080"))), Receiver).serve_forever()
