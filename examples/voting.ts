// Agents vote on a change, and enough of them decide. Run it in a clone: npm run build && npx node examples/voting.ts
import { connect } from "wagglebus";
import { vote } from "wagglebus/agents";
import type { Print, Where } from "./options.ts";

/** What each reviewer thinks of a question. */
const reviewers: Record<string, (question: string) => boolean> = {
  tests: () => true,
  security: (question) => !question.includes("password"),
  style: () => true,
};

export async function voting(where: Where = { engine: "memory" }, print: Print = console.log) {
  await using bus = await connect({ ...where, source: "council" });

  for (const [reviewer, agrees] of Object.entries(reviewers)) {
    // Each has a subscription of its own, and so gets each question.
    await bus.subscribe({ name: `reviewer-${reviewer}`, on: "approval.requested" }, async ({ data }, { bus }) => {
      const { approvalId } = data;
      const options = { source: reviewer, dedupe: "vote" };
      if (agrees(data.question)) await bus.emit.approval.granted({ approvalId, by: reviewer }, options);
      else await bus.emit.approval.denied({ approvalId, by: reviewer, reason: "a secret" }, options);
    });
  }

  for (const question of ["Merge the new page?", "Merge the password in the log?"]) {
    // Resolves with the third voter, or with those that came in time: `complete` is false then.
    const { complete, granted, denied } = await vote(bus, question, {
      n: 3,
      by: Object.keys(reviewers),
      timeout: "30s",
    });
    print(`${question} ${granted === 3 ? "yes" : "no"}: ${granted} to ${denied}, all voted: ${complete}`);
  }
}

if (import.meta.main) await voting();
