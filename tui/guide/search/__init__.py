"""Finding words in all guides at once, while they are being typed.

text      how a document's words are folded and cut into what can be looked up
lines     what each line is: title, heading, command, text
store     the index on disk: for each word and each pair of characters the documents that hold it
update    keeps the index true to the files
pinyin    Chinese found by its sounds
senses    what a typed word may mean, and where each meaning is, by index alone
find      the search: the index says which documents may match, their own text decides, and names the line
near      one helpful sentence where nothing is found
watch     tells when a file changed
"""
