// The keys of the client, as a table.
import { t, type Key } from "../../i18n/language";
import { enter_sends } from "../parts/preferences";

type KeyName = Extract<Key, `keys.${string}`>;

function rows(): [string[], KeyName][] {
    const send = enter_sends.value ? ["Enter"] : ["Ctrl", "Enter"];
    const lines = enter_sends.value ? ["Shift", "Enter"] : ["Enter"];
    return [
        [["Ctrl", "K"], "keys.find"],
        [["Ctrl", "Shift", "F"], "keys.find_here"],
        [["Alt", "↑"], "keys.previous"],
        [["Alt", "↓"], "keys.next"],
        [["F6"], "keys.regions"],
        [["Esc"], "keys.close"],
        [send, "keys.send"],
        [lines, "keys.break"],
        [["↑", "↓"], "keys.move"],
        [["Shift", "F10"], "keys.menu"],
        [["?"], "keys.help"],
    ];
}

export function KeyTable() {
    return (
        <dl class="keys">
            {rows().map(([keys, name]) => (
                <div class="keys-row" key={name}>
                    <dt>{(t as (key: KeyName) => string)(name)}</dt>
                    <dd>
                        {keys.map((key) => (
                            <kbd key={key}>{key}</kbd>
                        ))}
                    </dd>
                </div>
            ))}
        </dl>
    );
}
