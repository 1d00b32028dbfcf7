import './styles/tokens.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/filters.css';
import './styles/panels.css';
import './styles/tables.css';
import './styles/charts.css';
import { render } from 'preact';
import { App } from './app.tsx';
import { applyTheme, storedTheme } from './theme.ts';

applyTheme(storedTheme());
render(<App />, document.getElementById('page')!);
// Most pages draw something: on its way before the first answer is there.
void import('./plot/drawings.ts');
