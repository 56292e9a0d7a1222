// Whether the person whose page this is can still send: their session may have ended meanwhile.
import { account } from "./queue.js";

const shown = document.querySelector("#outbox");

export let token = document.querySelector("input[name=form_token]")?.value ?? "";
export let signedOut = ""; // or "nobody" or "another": who is signed in instead

// Asks who is signed in now.  True: still, or again, the same person, and every form of the page
// has their new token.  False: nobody, or another person.  Null: cannot say.
export async function renew() {
  let answer;
  try {
    answer = await fetch(shown.dataset.session, { redirect: "manual" });
  } catch {
    return null;
  }
  const said = answer.ok ? await answer.json().catch(() => null) : null;
  if (!said && answer.type !== "opaqueredirect") return null; // a redirect leads to signing in
  if (said?.account !== account) {
    signedOut = said?.account ? "another" : "nobody";
    return false;
  }
  signedOut = "";
  token = said.form_token;
  for (const input of document.querySelectorAll("input[name=form_token]")) input.value = token;
  return true;
}
