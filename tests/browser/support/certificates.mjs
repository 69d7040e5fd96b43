import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

// An authority of the test's own, in this folder.
export class Authority {
  constructor(folder, name) {
    this.folder = folder;
    this.name = name;
    this.file = path.join(folder, `${name}.pem`);
    const subject = ["-subj", `/CN=${name}`, "-addext", "basicConstraints=critical,CA:TRUE"];
    openssl("req", "-x509", ...NEW_KEY, "-keyout", this.#key(), "-out", this.file, "-days", "2", ...subject);
  }

  // Key and certificate of a server on this machine.
  issue() {
    const at = (ending) => path.join(this.folder, `${this.name}-server.${ending}`);
    fs.writeFileSync(at("ext"), "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n");
    openssl("req", ...NEW_KEY, "-keyout", at("key"), "-out", at("csr"), "-subj", "/CN=localhost");
    const by = ["-CA", this.file, "-CAkey", this.#key(), "-CAcreateserial", "-days", "2"];
    openssl("x509", "-req", "-in", at("csr"), "-out", at("pem"), "-extfile", at("ext"), ...by);
    return { key: fs.readFileSync(at("key")), cert: fs.readFileSync(at("pem")) };
  }

  #key() {
    return path.join(this.folder, `${this.name}.key`);
  }
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

function openssl(...args) {
  execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
}
