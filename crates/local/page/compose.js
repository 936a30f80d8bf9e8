// A sample user's hand: sign in, post, reply, search. Each answer names its trace.
import { html, useState } from "./parts.js";
import { ask } from "./faults.js";

const JSON_TYPE = { "Content-Type": "application/json" };

async function token(handle) {
  const answer = await fetch("/token", { method: "POST", body: JSON.stringify({ handle }) });
  return (await answer.json()).access_token;
}

async function signed(handle, path, body) {
  const headers = { ...JSON_TYPE, Authorization: `Bearer ${await token(handle)}` };
  return ask(path, { method: "POST", headers, body: JSON.stringify(body) });
}

/** What came of it, with the way to its trace. */
function Came({ came }) {
  if (!came) return "";
  const said = came.ok ? came.said : `Answered ${came.status}: ${JSON.stringify(came.body)}`;
  return html`<p class=${came.ok ? "came" : "came warning"} role="status"><span>${said}</span>
    ${came.trace ? html` <a href=${`#/trace/${came.trace}`}>See its trace</a>` : ""}</p>`;
}

function Post({ post, onReply, onStatus }) {
  return html`<li><p><b>@${post.handle}</b> ${post.message}</p>
    <small>${post.replies_count} replies</small> <button class="quiet small" onClick=${() => onReply(post)}>Reply</button></li>`;
}

export function Compose({ about }) {
  const [handle, be] = useState("andrewbrown");
  const [message, write] = useState("");
  const [parent, answer] = useState();
  const [term, seek] = useState("");
  const [found, find] = useState();
  const [came, come] = useState();
  const run = async (work) => {
    try {
      come(await work());
    } catch {
      come({ ok: false, status: "nothing", body: "the API is silent" });
    }
  };
  const post = (event) => {
    event.preventDefault();
    run(async () => {
      const path = parent ? `/api/activities/${parent.uuid}/reply` : "/api/activities";
      const answered = await signed(handle, path, parent ? { message } : { message, ttl: "1-day" });
      if (answered.ok) {
        write("");
        answer(undefined);
      }
      return { ...answered, said: parent ? `Replied to @${parent.handle} as @${handle}.` : `Posted as @${handle}.` };
    });
  };
  const search = (event) => {
    event.preventDefault();
    run(async () => {
      const answered = await ask(term ? `/api/activities/search?term=${encodeURIComponent(term)}` : "/api/activities/home");
      if (answered.ok) find(answered.body);
      return { ...answered, said: `${answered.body.length} found.` };
    });
  };
  return html`<section class="card" aria-labelledby="compose"><h2 id="compose">Send a request</h2>
    <form name="post" onSubmit=${post}>
      <label>Sign in as <select name="handle" value=${handle} onChange=${(event) => be(event.target.value)}>
        ${(about?.users ?? []).map((user) => html`<option value=${user.handle}>${user.display_name} (@${user.handle})</option>`)}</select></label>
      <label>${parent ? `Reply to @${parent.handle}` : "Message"} <textarea name="message" rows="2" value=${message} onInput=${(event) => write(event.target.value)}></textarea></label>
      <p><button class="main">${parent ? "Reply" : "Post"}</button> ${parent ? html`<button type="button" class="quiet" onClick=${() => answer(undefined)}>No reply</button>` : ""}</p>
    </form>
    <form name="search" onSubmit=${search}>
      <label>Search posts <input name="term" value=${term} placeholder="a word, or nothing for the home feed" onInput=${(event) => seek(event.target.value)} /></label>
      <p><button>Search</button></p>
    </form>
    <${Came} came=${came} />
    ${found ? html`<ul class="posts">${found.slice(0, 20).map((one) => html`<${Post} key=${one.uuid} post=${one} onReply=${answer} />`)}</ul>` : ""}
  </section>`;
}
