import { useState } from 'preact/hooks';
import { messageOf } from './api.ts';

/** Runs one thing at a time that a person asked for, and keeps what went wrong for the page. */
export function useAction(): {
  busy: boolean;
  fault: string | undefined;
  run(work: () => Promise<void>): Promise<void>;
} {
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string>();
  const run = async (work: () => Promise<void>) => {
    setBusy(true);
    setFault(undefined);
    try {
      await work();
    } catch (error) {
      setFault(messageOf(error));
    } finally {
      setBusy(false);
    }
  };
  return { busy, fault, run };
}
