using System.Xml;

namespace Wharf.Scanner;

/// <summary>
/// The names of a document of XML, at most 10,000 different ones; more are an <see cref="InvalidDataException"/>. XmlReader keeps each name, and compares
/// the attributes of a tag with each other, without a limit of its own: a million of them take it more than a minute.
/// </summary>
internal sealed class BoundedNames : NameTable
{
    private const int MostNames = 10_000;

    private int _names;

    public override string Add(string key) => Get(key) ?? Count(base.Add(key));

    public override string Add(char[] key, int start, int len) => Get(key, start, len) ?? Count(base.Add(key, start, len));

    private string Count(string added) =>
        ++_names <= MostNames ? added : throw new InvalidDataException($"The document has more than {MostNames} different names of elements and attributes.");
}
