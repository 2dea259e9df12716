// What getStats says, as rows of a table that are renewed each second.

const decimal = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

// Rates need the report before.
export class Figures {
  #last = new Map();

  rows(report) {
    const rows = [];
    const codec = (stats) => report.get(stats.codecId)?.mimeType?.split("/")[1] ?? "";
    for (const stats of report.values()) {
      if (stats.type === "inbound-rtp") {
        rows.push([`${stats.kind} received`, `${codec(stats)} ${this.#rate(stats, "bytesReceived")}`]);
        rows.push([`${stats.kind} packets, lost`, `${stats.packetsReceived}, ${stats.packetsLost}`]);
        rows.push([`${stats.kind} jitter`, `${decimal.format((stats.jitter ?? 0) * 1000)} ms`]);
        if (stats.kind === "video") {
          rows.push(["picture", `${stats.frameWidth ?? 0} x ${stats.frameHeight ?? 0}, ${stats.framesPerSecond ?? 0} fps`]);
          rows.push(["frames decoded, dropped", `${stats.framesDecoded}, ${stats.framesDropped}`]);
          rows.push(["freezes", `${stats.freezeCount ?? 0}`]);
        }
      } else if (stats.type === "outbound-rtp") {
        rows.push([`${stats.kind} sent`, `${codec(stats)} ${this.#rate(stats, "bytesSent")}`]);
        rows.push([`${stats.kind} packets, repeated`, `${stats.packetsSent}, ${stats.retransmittedPacketsSent ?? 0}`]);
        if (stats.kind === "video") {
          rows.push(["picture", `${stats.frameWidth ?? 0} x ${stats.frameHeight ?? 0}, ${stats.framesPerSecond ?? 0} fps`]);
          rows.push(["keyframe requests", `${stats.pliCount ?? 0}`]);
        }
      } else if (stats.type === "remote-inbound-rtp") {
        rows.push([`${stats.kind} lost on the way`, `${stats.packetsLost ?? 0}`]);
      } else if (stats.type === "candidate-pair" && stats.nominated && stats.state === "succeeded") {
        const local = report.get(stats.localCandidateId);
        const remote = report.get(stats.remoteCandidateId);
        rows.push(["path", `${local?.protocol ?? ""} to ${remote?.address ?? ""}:${remote?.port ?? ""}`]);
        rows.push(["round trip", `${decimal.format((stats.currentRoundTripTime ?? 0) * 1000)} ms`]);
      } else if (stats.type === "transport") {
        rows.push(["protection", `${stats.srtpCipher ?? "none yet"}, ${stats.dtlsCipher ?? ""}`]);
      }
    }
    return rows;
  }

  #rate(stats, name) {
    const before = this.#last.get(stats.id);
    this.#last.set(stats.id, { at: stats.timestamp, value: stats[name] });
    if (!before || stats.timestamp <= before.at) return "";
    return `${decimal.format(((stats[name] - before.value) * 8) / (stats.timestamp - before.at))} kbit/s`;
  }
}

/** Renews the table each second until the connection closes. */
export function show(connection, table) {
  const figures = new Figures();
  const timer = setInterval(async () => {
    if (connection.connectionState === "closed") return clearInterval(timer);
    const rows = figures.rows(await connection.getStats()).map(([name, value]) => {
      const row = document.createElement("tr");
      const head = document.createElement("th");
      head.scope = "row";
      head.textContent = name;
      const cell = document.createElement("td");
      cell.textContent = value;
      row.append(head, cell);
      return row;
    });
    table.replaceChildren(...rows);
  }, 1000);
}
