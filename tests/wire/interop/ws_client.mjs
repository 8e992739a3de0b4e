// npm's `ws` against Kith: handshake, fragments, pings, a large message, the close handshake. Arguments: socket URL, token.
import assert from "node:assert/strict";
import WebSocket from "ws";

const [url, token, conversation] = process.argv.slice(2);
const deadline = setTimeout(() => { console.error("timed out"); process.exit(1); }, 20_000);

const frames = [];
const waiting = [];
const socket = new WebSocket(url, "kith.v1");
socket.on("message", (data, binary) => {
  assert.equal(binary, false);
  frames.push(JSON.parse(data.toString()));
  for (const check of waiting.splice(0)) check();
});

async function frame(fits) {
  for (;;) {
    const at = frames.findIndex(fits);
    if (at >= 0) return frames.splice(at, 1)[0];
    await new Promise((resolve) => waiting.push(resolve));
  }
}

await new Promise((resolve, reject) => { socket.on("open", resolve); socket.on("error", reject); });
assert.equal(socket.protocol, "kith.v1");
assert.equal(socket.extensions, "", "no compression is offered");

// hello in three fragments, with a ping between them
const hello = JSON.stringify({ id: 1, type: "hello", data: { token } });
const pong = new Promise((resolve) => socket.on("pong", resolve));
socket.send(hello.slice(0, 5), { fin: false });
socket.ping("between");
socket.send(hello.slice(5, 20), { fin: false });
socket.send(hello.slice(20), { fin: true });
assert.equal((await pong).toString(), "between");
assert.equal((await frame((f) => f.id === 1)).ok, true);

// a message of 8,000 characters outside of the BMP comes back as it went
const text = "🦊".repeat(8000);
const sent = { conversation, client_id: "0190c000-0000-7000-8000-000000000001", kind: "text", body: { text } };
socket.send(JSON.stringify({ id: 2, type: "message.send", data: sent }));
assert.equal((await frame((f) => f.id === 2)).ok, true);
assert.equal((await frame((f) => f.type === "message.created")).data.body.text, text);

const closed = new Promise((resolve) => socket.on("close", (code) => resolve(code)));
socket.close(1000, "done");
assert.equal(await closed, 1000);
clearTimeout(deadline);
console.log("ok");
