// Sends requests as a sample user: sign in, post, reply, search. Each result links to its trace.
import { html, useState } from "./parts.js";
import { plural } from "./format.js";
import { callApi } from "./faults.js";

const JSON_TYPE = { "Content-Type": "application/json" };

async function token(handle) {
  const response = await fetch("/token", { method: "POST", body: JSON.stringify({ handle }) });
  return (await response.json()).access_token;
}

async function callSignedIn(handle, path, body) {
  const headers = { ...JSON_TYPE, Authorization: `Bearer ${await token(handle)}` };
  return callApi(path, { method: "POST", headers, body: JSON.stringify(body) });
}

/** The result of a request, with a link to its trace. */
function Result({ result }) {
  if (!result) return "";
  const { ok, text, error, status, body, trace } = result;
  const shown = ok ? text : error ?? `The API responded with ${status}: ${JSON.stringify(body)}`;
  return html`<p class=${ok ? "result" : "result warning"} role="status"><span>${shown}</span>
    ${trace ? html` <a href=${`#/trace/${trace}`}>Open the trace</a>` : ""}</p>`;
}

function Post({ post, onReply }) {
  return html`<li><p><b>@${post.handle}</b> ${post.message}</p>
    <small>${plural(post.replies_count, "reply", "replies")}</small> <button class="quiet small" onClick=${() => onReply(post)}>Reply</button></li>`;
}

export function Compose({ about }) {
  const [handle, setHandle] = useState("andrewbrown");
  const [message, setMessage] = useState("");
  const [parent, setParent] = useState();
  const [term, setTerm] = useState("");
  const [posts, setPosts] = useState();
  const [result, setResult] = useState();
  const run = async (work) => {
    try {
      setResult(await work());
    } catch {
      setResult({ ok: false, error: "The API did not respond. Is cargo local still running?" });
    }
  };
  const post = (event) => {
    event.preventDefault();
    run(async () => {
      const path = parent ? `/api/activities/${parent.uuid}/reply` : "/api/activities";
      const response = await callSignedIn(handle, path, parent ? { message } : { message, ttl: "1-day" });
      if (response.ok) {
        setMessage("");
        setParent(undefined);
      }
      return { ...response, text: parent ? `Replied to @${parent.handle} as @${handle}.` : `Posted as @${handle}.` };
    });
  };
  const search = (event) => {
    event.preventDefault();
    run(async () => {
      const response = await callApi(term ? `/api/activities/search?term=${encodeURIComponent(term)}` : "/api/activities/home");
      if (response.ok) setPosts(response.body);
      return { ...response, text: `${plural(response.body.length, "post")} found.` };
    });
  };
  return html`<section class="card" aria-labelledby="compose"><h2 id="compose">Send a request</h2>
    <form name="post" onSubmit=${post}>
      <label>Sign in as <select name="handle" value=${handle} onChange=${(event) => setHandle(event.target.value)}>
        ${(about?.users ?? []).map((user) => html`<option value=${user.handle}>${user.display_name} (@${user.handle})</option>`)}</select></label>
      <label>${parent ? `Reply to @${parent.handle}` : "Message"} <textarea name="message" rows="2" value=${message} onInput=${(event) => setMessage(event.target.value)}></textarea></label>
      <p><button class="main">${parent ? "Reply" : "Post"}</button> ${parent ? html`<button type="button" class="quiet" onClick=${() => setParent(undefined)}>Cancel the reply</button>` : ""}</p>
    </form>
    <form name="search" onSubmit=${search}>
      <label>Search posts <input name="term" value=${term} placeholder="a word; leave empty for the home feed" onInput=${(event) => setTerm(event.target.value)} /></label>
      <p><button>Search</button></p>
    </form>
    <${Result} result=${result} />
    ${posts ? html`<ul class="posts">${posts.slice(0, 20).map((one) => html`<${Post} key=${one.uuid} post=${one} onReply=${setParent} />`)}</ul>` : ""}
  </section>`;
}
