/** Sends an action of a service that speaks the query protocol, for which no client is installed. Gives the XML. */
export async function sendQuery(
  endpoint: string,
  {
    service,
    action,
    key = 'test',
    ...parameters
  }: { service: string; action: string; key?: string; [name: string]: string | undefined },
): Promise<{ status: number; body: string }> {
  const form = new URLSearchParams({ Action: action });
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) form.set(name, value);
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `AWS4-HMAC-SHA256 Credential=${key}/20260105/us-east-1/${service}/aws4_request`,
    },
    body: form,
  });
  return { status: response.status, body: await response.text() };
}
