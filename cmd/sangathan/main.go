// Command sangathan runs a unit: it makes one, serves it, and does on the command
// line what its pages do.
//
//	sangathan init   -pack DIR -db PATH ...   an empty unit with its first account
//	sangathan demo   -db PATH ...             an invented whole state to try everything on
//	sangathan serve  -db PATH ...             the pages and the API
//	sangathan review draft|list|show ...      lists of missed duties
//	sangathan org    holders|vacancies ...    who holds what, on any day
//	sangathan election import ...             results
//
// PATH is a folder (SQLite) or a PostgreSQL address. While a server runs on a
// folder, the other commands are carried out by it over the folder's socket. The
// exit code is 0, or 2 for wrong use, 3 for a fault of the input, 4 for not
// permitted or not found, 5 for a conflict, 1 for the rest.
package main

import (
	"os"

	"sangathan/cli"
)

func main() { os.Exit(cli.Main()) }
