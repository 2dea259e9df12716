// A client of WHIP (RFC 9725) and WHEP: one peer connection, one resource.

// The ICE servers that an answer's Link fields name (RFC 9725 section 4.6).
export function iceServers(link) {
  const servers = [];
  for (const [, url, rest] of (link ?? "").matchAll(/<([^>]*)>((?:\s*;\s*[\w-]+="[^"]*")*)/g)) {
    const fields = Object.fromEntries([...rest.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
    if (fields.rel !== "ice-server") continue;
    const server = { urls: url };
    if (fields.username) Object.assign(server, { username: fields.username, credential: fields.credential });
    servers.push(server);
  }
  return servers;
}

// Puts the sound into a stream of its own. Where a browser finds both in one it holds the picture back until the sound is through its
// buffer, which costs the picture some 10 to 20 ms; here the picture counts.
export function soundApart(sdp) {
  const apart = (section) => section.replace(/^(a=(?:ssrc:\d+ )?msid:)\S+/gm, "$1sound");
  return sdp.split(/^(?=m=)/m).map((section) => (section.startsWith("m=audio") ? apart(section) : section)).join("");
}

export class MediaClient {
  #url;
  #token;
  #resource;
  #isRestarting = false;
  /** Told of each change of the connection's state. */
  onstate = () => {};
  /** Changes the relay's answer before it is taken. */
  prepare = (sdp) => sdp;

  /** @param url of the endpoint, such as /whip/{session} */
  constructor(url, token) {
    this.#url = new URL(url, location.href);
    this.#token = token;
    this.connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    this.connection.addEventListener("connectionstatechange", () => this.onstate(this.connection.connectionState));
    // The relay is ICE-lite: only this side notices that a path has gone, and finds another.
    this.connection.addEventListener("iceconnectionstatechange", () => {
      if (["failed", "disconnected"].includes(this.connection.iceConnectionState)) this.restart().catch(() => {});
    });
  }

  /** Offers and takes the answer. The relay learns this side's addresses from its checks, so candidates need not be sent. */
  async begin() {
    await this.connection.setLocalDescription();
    const response = await this.#send("POST", this.#url, "application/sdp", this.connection.localDescription.sdp);
    this.#resource = new URL(response.headers.get("Location"), this.#url);
    const servers = iceServers(response.headers.get("Link"));
    if (servers.length > 0) this.connection.setConfiguration({ iceServers: servers, bundlePolicy: "max-bundle" });
    await this.connection.setRemoteDescription({ type: "answer", sdp: this.prepare(await response.text()) });
  }

  /** Looks for a path anew, the call meanwhile going on where it can. */
  async restart() {
    if (this.#isRestarting || !this.#resource) return;
    this.#isRestarting = true;
    try {
      const offer = await this.connection.createOffer({ iceRestart: true });
      const before = this.connection.currentRemoteDescription.sdp;
      await this.connection.setLocalDescription(offer);
      const credentials = offer.sdp.match(/^a=ice-(ufrag|pwd):.*$/gm).slice(0, 2).join("\r\n") + "\r\n";
      const response = await this.#send(
        "PATCH", this.#resource, "application/trickle-ice-sdpfrag", credentials, { "If-Match": "*" });
      const fragment = await response.text();
      const value = (name) => fragment.match(new RegExp(`^a=ice-${name}:(.*?)\\r?$`, "m"))[1];
      const answer = before
        .replace(/^a=ice-ufrag:.*$/gm, `a=ice-ufrag:${value("ufrag")}`)
        .replace(/^a=ice-pwd:.*$/gm, `a=ice-pwd:${value("pwd")}`);
      await this.connection.setRemoteDescription({ type: "answer", sdp: answer });
    } finally {
      this.#isRestarting = false;
    }
  }

  async end() {
    this.connection.close();
    if (this.#resource) await this.#send("DELETE", this.#resource);
  }

  async #send(method, url, type, body, more = {}) {
    const headers = { Authorization: `Bearer ${this.#token}`, ...more };
    if (type) headers["Content-Type"] = type;
    const response = await fetch(url, { method, headers, body });
    if (response.ok) return response;
    const problem = await response.json().catch(() => ({}));
    throw new Error(problem.detail ?? `${method} answered ${response.status}`);
  }
}
