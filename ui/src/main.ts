import "./design/base.css";
import { mount } from "svelte";
import App from "./app/App.svelte";
import { findCore } from "./core";
import { getLocale } from "./paraglide/runtime.js";
import { settleLanguage } from "./state/language";

settleLanguage();
document.documentElement.lang = getLocale();
const target = document.getElementById("app");
const core = await findCore();
if (target) mount(App, { target, props: { core } });
