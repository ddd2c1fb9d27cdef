namespace Wharf.Storage;

/// <summary>The place that keeps the blobs failed. Not an <see cref="IOException"/>: those are what a client's broken connection throws.</summary>
public class StorageException : Exception
{
    public StorageException()
    {
    }

    public StorageException(string message) : base(message)
    {
    }

    public StorageException(string message, Exception? inner) : base(message, inner)
    {
    }
}
