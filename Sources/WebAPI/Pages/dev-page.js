// What the two pages share: the form, its state, one client at a time. #session=…&token=… fills the form in and begins.
import { MediaClient } from "/dev/media-client.js";
import { show } from "/dev/figures.js";

const element = (name) => document.getElementById(name);

/** @param prepare gets the new client before it offers; what it answers is called at the end. */
export function run(endpoint, prepare) {
  const form = element("form");
  let client;
  let finish = () => {};

  function say(text) {
    element("state").textContent = text;
  }

  async function begin() {
    element("begin").disabled = true;
    const { session, token } = Object.fromEntries(new FormData(form));
    try {
      client = new MediaClient(`/${endpoint}/${encodeURIComponent(session)}`, token);
      window.mediaClient = client;
      client.onstate = say;
      say("asking");
      finish = (await prepare(client)) ?? (() => {});
      await client.begin();
      element("end").disabled = false;
      show(client.connection, element("figures"));
    } catch (error) {
      client?.connection.close();
      finish();
      say(error.message);
      element("begin").disabled = false;
    }
  }

  async function end() {
    element("end").disabled = true;
    try {
      await client.end();
      say("ended");
    } catch (error) {
      say(error.message);
    }
    finish();
    element("begin").disabled = false;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    begin();
  });
  element("end").addEventListener("click", end);

  const given = new URLSearchParams(location.hash.slice(1));
  for (const name of ["session", "token"]) form.elements[name].value = given.get(name) ?? "";
  // The token has to go from the address bar.
  if (location.hash) history.replaceState(null, "", location.pathname);
  if (given.has("session") && given.has("token")) begin();
}
