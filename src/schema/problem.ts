import { type Static, Type } from 'typebox';

/** The one error body: problem details (RFC 9457) and, beside them, the two members that older clients read. */
export const problemBody = Type.Object(
  {
    type: Type.String({ default: 'about:blank', description: 'Always about:blank: the status says what kind it is.' }),
    title: Type.String({ description: 'The status in words, lower case.' }),
    instance: Type.String({ description: 'Path and query of the request that failed.' }),
    detail: Type.String({ description: 'What to change. Names the parameter when one is at fault.' }),
    status: Type.Literal('error', { description: 'For clients of the older error form.' }),
    message: Type.String({ description: 'The same text as detail, for clients of the older error form.' }),
  },
  { $id: 'Problem', description: 'Sent as application/problem+json with every 4xx and 5xx answer.' },
);

export type ProblemBody = Static<typeof problemBody>;
