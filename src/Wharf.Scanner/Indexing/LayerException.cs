namespace Wharf.Scanner.Indexing;

/// <summary>A layer cannot be indexed, and trying again will not help: it is no tar, or it met a limit. The message is for people and names no path of ours.</summary>
public sealed class LayerException : Exception
{
    public LayerException(string message) : base(message)
    {
    }

    public LayerException(string message, Exception inner) : base(message, inner)
    {
    }

    public LayerException()
    {
    }
}
