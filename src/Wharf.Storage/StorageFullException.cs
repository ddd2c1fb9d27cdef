namespace Wharf.Storage;

/// <summary>There is no room for the bytes: the disk or its quota is full.</summary>
public sealed class StorageFullException : StorageException
{
    public StorageFullException()
    {
    }

    public StorageFullException(string message) : base(message)
    {
    }

    public StorageFullException(string message, Exception? inner) : base(message, inner)
    {
    }
}
