import { Neighbour } from "./neighbour.mjs";

// An API with the ways of a GitLab of one's own, which takes one key.
export class Upstream extends Neighbour {
  // The key that opens it now.
  key = null;
  // Every request, as its method and path.
  asked = [];

  answer(request, response) {
    this.asked.push(`${request.method} ${request.url}`);
    const known = request.headers["private-token"] === this.key;
    const answer = known ? { username: "front-desk" } : { message: "401 Unauthorized" };
    response.writeHead(known ? 200 : 401, { "Content-Type": "application/json" }).end(JSON.stringify(answer));
  }
}
