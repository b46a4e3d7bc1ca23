/** The bus of the test of alerts. */
export const alertBusName = "e2e-alerts";
/** A queue that gets what the topic gets. */
export const inbox = "e2e-alerts-inbox";
/** Where the secret of the webhook lies. */
export const secretParameter = "/e2e-alerts/secret";
/** Tells the app the receiver of the webhook, whose port the test chooses. */
export const webhookVariable = "TEST_ALERT_WEBHOOK";
