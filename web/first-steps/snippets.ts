export interface SnippetInput {
  devId: string;
  /** Shown where a key was made on this page; else a placeholder stands there. */
  apiKey: string | undefined;
  baseUrl: string;
  /** A connected user, so that the call works as it stands. */
  userId: string | undefined;
}

export interface Snippet {
  title: string;
  code: string;
}

export interface Language {
  id: string;
  name: string;
  snippets: Snippet[];
}

const LINK = 'Make a link that connects one of your users';
const READ = 'See a user whom you connected';

/** Code that runs as it is copied, with the page's own values. */
export function languages(input: SnippetInput): Language[] {
  return [curl(input), node(input), client(input)];
}

function keyOf(input: SnippetInput): string {
  return input.apiKey ?? 'YOUR_API_KEY';
}

function userOf(input: SnippetInput): string {
  return input.userId ?? 'A_USER_ID';
}

function curl(input: SnippetInput): Language {
  const headers = ` \\
  -H 'dev-id: ${input.devId}' \\
  -H 'x-api-key: ${keyOf(input)}'`;
  return {
    id: 'curl',
    name: 'curl',
    snippets: [
      {
        title: LINK,
        code: `curl '${input.baseUrl}/auth/generateWidgetSession'${headers} \\
  -H 'content-type: application/json' \\
  -d '{"reference_id":"my-user-1"}'`,
      },
      {
        title: READ,
        code: `curl -G '${input.baseUrl}/userInfo'${headers} \\
  -d 'user_id=${userOf(input)}'`,
      },
    ],
  };
}

function node(input: SnippetInput): Language {
  return {
    id: 'node',
    name: 'Node',
    snippets: [
      {
        title: LINK,
        code: `const headers = {
  'dev-id': '${input.devId}',
  'x-api-key': '${keyOf(input)}',
  'content-type': 'application/json',
};

const api = '${input.baseUrl}';
const response = await fetch(\`\${api}/auth/generateWidgetSession\`, {
  method: 'POST',
  headers,
  body: JSON.stringify({ reference_id: 'my-user-1' }),
});
const { url } = await response.json();
console.log('Send your user here:', url);`,
      },
      {
        title: READ,
        code: `const query = new URLSearchParams({ user_id: '${userOf(input)}' });
const answer = await fetch(\`${input.baseUrl}/userInfo?\${query}\`, {
  headers: { 'dev-id': '${input.devId}', 'x-api-key': '${keyOf(input)}' },
});
console.log(await answer.json());`,
      },
    ],
  };
}

function client(input: SnippetInput): Language {
  const create = `import { TerraClient } from 'terra-api';

const terra = new TerraClient({
  devId: '${input.devId}',
  apiKey: '${keyOf(input)}',
  // The one line that an app on Terra changes:
  baseUrl: '${input.baseUrl}',
});`;
  return {
    id: 'client',
    name: 'Terra client',
    snippets: [
      {
        title: LINK,
        code: `${create}

const link = await terra.authentication
  .generatewidgetsession({ reference_id: 'my-user-1' });
console.log('Send your user here:', link.url);`,
      },
      {
        title: READ,
        code: `const info = await terra.user.getinfoforuserid({
  user_id: '${userOf(input)}',
});
console.log(info);`,
      },
    ],
  };
}
