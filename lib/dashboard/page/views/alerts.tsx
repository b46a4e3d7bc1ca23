import { agoText, durationText } from "../format.ts";
import { EventLink, shortId, Time } from "../parts/links.tsx";
import { Problem } from "../parts/problem.tsx";
import { Status, type Tone } from "../parts/status.tsx";
import { Nothing, Scrolling, View } from "../parts/view.tsx";
import { type ActiveAlert, alertsPath, isTime, metricTexts, readAlerts, whereOf } from "../state/alerts.ts";
import { useAnswer, useNow } from "../state/hooks.ts";

const refreshMs = 5_000;
const mostShown = 200;
const tones: Readonly<Record<ActiveAlert["severity"], Tone>> = { info: "quiet", warning: "busy", critical: "bad" };

/** What is wrong now: alerts that are raised and not cleared. */
export function Alerts() {
  const now = useNow();
  const { value, error } = useAnswer(alertsPath, readAlerts, { everyMs: refreshMs });
  return (
    <View title="Alerts" lead="What the rules of this bus have raised and not cleared yet, the latest first.">
      {error !== undefined && value === undefined && <Problem error={error} what="Alerts cannot be shown." />}
      {value?.length === 0 && (
        <Nothing>No alert is active. Rules are declared in waggle.config.ts; without any, nothing is watched.</Nothing>
      )}
      {value !== undefined && value.length > 0 && (
        <Scrolling label="Active alerts">
          <table>
            <thead>
              <tr>
                <th scope="col">Rule</th>
                <th scope="col">Severity</th>
                <th scope="col">About</th>
                <th scope="col">What</th>
                <th scope="col">Since</th>
                <th scope="col">Raised by</th>
              </tr>
            </thead>
            <tbody>
              {value.slice(0, mostShown).map((alert) => (
                <Row key={alert.id} alert={alert} now={now} />
              ))}
            </tbody>
          </table>
        </Scrolling>
      )}
      {value !== undefined && value.length > mostShown && (
        <p class="note">
          {mostShown} of {value.length.toLocaleString("en")} alerts are shown.
        </p>
      )}
    </View>
  );
}

function Row({ alert, now }: { readonly alert: ActiveAlert; readonly now: number }) {
  const { id, metric, severity, since, source, subject, threshold, value } = alert;
  const where = whereOf(alert);
  const amount = (number: number) => (isTime(metric) ? durationText(number) : number.toLocaleString("en"));
  return (
    <tr>
      <th scope="row">
        <EventLink id={id} text={alert.alert} />
      </th>
      <td>
        <Status tone={tones[severity]}>{severity}</Status>
      </td>
      <td>
        {where === undefined ? (
          subject
        ) : (
          <a href={where} title={subject}>
            {shortId(subject) === subject || !where.startsWith("/flows/") ? subject : `flow ${shortId(subject)}`}
          </a>
        )}
      </td>
      <td>
        {metricTexts[metric] ?? metric}
        {metric !== "event.result" && `: ${amount(value)}, limit ${amount(threshold)}`}
      </td>
      <td>
        <Time iso={since} /> ({agoText(since, now)})
      </td>
      <td>{source}</td>
    </tr>
  );
}
