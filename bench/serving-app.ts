/** The app as it ships and one route more. The route is put in before the router is made. */
// oxlint-disable-next-line import/no-unassigned-import -- what it is for is what it does
import './serving-echo.ts';
// oxlint-disable-next-line import/no-unassigned-import -- registers the functions
import '../functions/main.ts';
