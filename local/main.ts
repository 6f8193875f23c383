/** `npm start`: Cairn on this machine. */
import { runLauncher } from './launcher.ts';

await runLauncher(process.argv.slice(2));
