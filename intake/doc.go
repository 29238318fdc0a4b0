// Package intake loads the lists that offices keep: booths, areas, posts and people,
// from Excel, CSV and Word files and from text pasted out of a chat.
//
// A list passes through four steps. [Begin] enters it; it is read into blocks of rows;
// every block is checked against the register, and the sender sees what would be added,
// changed and left and which rows are faulty; [Load] applies it. [Undo] takes a loaded
// list back while nothing was built on it. [Run] does the long work of a list in short
// transactions: killed at any time, it goes on where it stopped.
//
// A row is checked by the same rules as the verbs of package org (NewPerson.Validate,
// NewArea.Validate, Found.Validate), when it is shown and again in the transaction that
// applies it. All good rows of a list go in or none: when a row that was good no longer
// is, what had gone in is taken back. Who is found in a post stands there "as found",
// with the list as source.
//
// Who may: load_data on the body concerned. Rows outside one's reach are told as not
// one's own, whether or not they exist.
package intake
