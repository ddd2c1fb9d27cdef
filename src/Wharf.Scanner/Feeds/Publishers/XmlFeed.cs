using System.Xml;

namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>
/// Reads a feed's XML node by node. XmlReader by itself bounds neither the length of an attribute, nor the depth, nor how many different names it keeps;
/// here all three are, so that a document of 4 GiB costs no more memory than a small one.
/// </summary>
internal sealed class XmlFeed : IDisposable
{
    private const long MaxCharacters = 4L << 30;
    private const int MaxDepth = 64;

    private readonly Unpacked _plain;
    private readonly XmlReader _reader;

    /// <param name="path">Says how <paramref name="stream"/> is packed, and is named in errors.</param>
    /// <exception cref="InvalidDataException">The packing is broken.</exception>
    public XmlFeed(Stream stream, string path)
    {
        Path = path;
        _plain = Unpacked.Open(stream, path);
        _reader = XmlReader.Create(new BoundedMarkup(_plain), new XmlReaderSettings
        {
            DtdProcessing = DtdProcessing.Prohibit,
            XmlResolver = null,
            MaxCharactersInDocument = MaxCharacters,
            NameTable = new BoundedNames(),
            IgnoreComments = true,
            IgnoreProcessingInstructions = true,
            IgnoreWhitespace = true,
        });
    }

    public string Path { get; }

    public string Name => _reader.LocalName;

    /// <summary>The number of elements around the node.</summary>
    public int Depth => _reader.Depth;

    public bool IsElement => _reader.NodeType == XmlNodeType.Element;

    public bool IsEmpty => _reader.IsEmptyElement;

    public bool IsEnd => _reader.NodeType == XmlNodeType.EndElement;

    public void Dispose()
    {
        _reader.Dispose();
        _plain.Dispose();
    }

    /// <summary>Goes to the next node; false at the end of the document.</summary>
    /// <exception cref="InvalidDataException">It is not well-formed, or nested deeper than 64.</exception>
    public bool Next()
    {
        try
        {
            if (!_reader.Read())
                return false;
        }
        catch (XmlException e)
        {
            throw new InvalidDataException($"{Path}: {e.Message}", e);
        }
        return _reader.Depth <= MaxDepth ? true : throw new InvalidDataException($"{Path}: nested deeper than {MaxDepth}.");
    }

    /// <summary>The next node inside the element at <paramref name="depth"/>; false when that has ended.</summary>
    /// <inheritdoc cref="Next" path="/exception"/>
    public bool NextIn(int depth) => Next() && _reader.Depth > depth;

    /// <summary>Null when there is none, or when it is longer than 1024 characters.</summary>
    public string? Attribute(string name) => _reader.GetAttribute(name) is { Length: <= 1024 } value ? value : null;

    /// <summary>The text of the element, trimmed and of at most <paramref name="max"/> characters; the rest is passed over. Null when there is none.</summary>
    /// <inheritdoc cref="Next" path="/exception"/>
    public string? Text(int max = 1024)
    {
        if (IsEmpty)
            return null;
        var depth = Depth;
        var text = new char[max];
        var length = 0;
        while (NextIn(depth))
        {
            if (_reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA && length < max)
                length += Chunk(text, length);
        }
        var whole = new string(text, 0, length).Trim();
        return whole.Length == 0 ? null : whole;
    }

    private int Chunk(char[] text, int start)
    {
        try
        {
            var length = 0;
            for (int read; start + length < text.Length && (read = _reader.ReadValueChunk(text, start + length, text.Length - start - length)) > 0;)
                length += read;
            return length;
        }
        catch (XmlException e)
        {
            throw new InvalidDataException($"{Path}: {e.Message}", e);
        }
    }
}
