// Theme, language, and how Enter behaves.
import { choose_language, language, languages, t, type Language } from "../../i18n/language";
import { Switch } from "../parts/field";
import { choose_enter, choose_theme, enter_sends, theme, type Theme } from "../parts/preferences";

const themes: Theme[] = ["system", "light", "dark"];

export function Appearance() {
    return (
        <div class="form panel">
            <fieldset class="choices">
                <legend>{t("appearance.theme")}</legend>
                <div class="segments">
                    {themes.map((name) => (
                        <label key={name}>
                            <input
                                type="radio"
                                name="theme"
                                checked={theme.value === name}
                                onChange={() => choose_theme(name)}
                            />
                            <span>{t(`appearance.${name}` as const)}</span>
                        </label>
                    ))}
                </div>
            </fieldset>
            <fieldset class="choices">
                <legend>{t("appearance.language")}</legend>
                <div class="segments">
                    {Object.entries(languages).map(([tag, name]) => (
                        <label key={tag} lang={tag}>
                            <input
                                type="radio"
                                name="language"
                                value={tag}
                                checked={language.value === tag}
                                onChange={() => void choose_language(tag as Language)}
                            />
                            <span>{name}</span>
                        </label>
                    ))}
                </div>
            </fieldset>
            <Switch
                label={t("appearance.enter")}
                hint={t("appearance.enter_hint")}
                on={enter_sends.value}
                on_change={choose_enter}
            />
        </div>
    );
}
