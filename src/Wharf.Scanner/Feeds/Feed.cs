namespace Wharf.Scanner.Feeds;

/// <summary>A feed of a publisher: where it comes from and how it is read.</summary>
/// <param name="Name">Lower case but for OSV's own names.</param>
/// <param name="Title">For people.</param>
/// <param name="Licence">Of the data.</param>
/// <param name="Sources">What the publisher serves, and where it is kept in a directory of feeds.</param>
/// <param name="Owns">Whether a file of a directory of feeds, by its path in it, is of this feed.</param>
/// <param name="Read">Advisories or enrichments of one of its files.</param>
public sealed record Feed(string Name, string Title, string Licence, IReadOnlyList<FeedSource> Sources, Func<string, bool> Owns, FeedReader Read);

/// <param name="Path">In a directory of feeds, with slashes.</param>
/// <param name="Url">Where the publisher serves it, or what leads there.</param>
/// <param name="Pointers">For publishers that change the address with the content: what each address leads to next, from the text that it serves (see <see cref="FeedPointer"/>).</param>
public sealed record FeedSource(string Path, string Url, params IReadOnlyList<FeedPointer> Pointers);

/// <summary>Reads an address from a text: absolute, or relative to the text's own.</summary>
/// <exception cref="InvalidDataException">There is none in it.</exception>
public delegate string FeedPointer(string text);

/// <summary>Reads a file as a stream.</summary>
/// <param name="stream">The file's bytes as they were served.</param>
/// <param name="path">In the directory of feeds: it tells the release where the content does not.</param>
/// <param name="problem">Hears of records that were left out.</param>
/// <returns><see cref="Advisory"/> or <see cref="Enrichment"/>.</returns>
/// <exception cref="InvalidDataException">The file is not whole: nothing of it may be used.</exception>
public delegate IEnumerable<object> FeedReader(Stream stream, string path, Action<string>? problem);
